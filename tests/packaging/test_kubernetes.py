"""The Kubernetes manifests: valid by its schemas, and true to the configuration in them."""

from pathlib import Path

import pytest
import yaml

from linkerpy.app.hints import hints
from linkerpy.app.schema import loads
from tests.support import needs

MANIFESTS = sorted((Path(__file__).parents[2] / "conf/k8s").glob("*.yml"))
DOCUMENTS = [
    (path.name, document)
    for path in MANIFESTS
    for document in yaml.safe_load_all(path.read_text("utf-8"))
]
each_document = pytest.mark.parametrize(
    "document",
    [document for _, document in DOCUMENTS],
    ids=[f"{name}:{document['kind']}" for name, document in DOCUMENTS],
)


def only(kind):
    (found,) = [document for _, document in DOCUMENTS if document["kind"] == kind]
    return found


@pytest.fixture
def loaded():
    return loads("linkerpy.yml", only("ConfigMap")["data"]["linkerpy.yml"])


@pytest.fixture
def pod():
    return only("DaemonSet")["spec"]["template"]["spec"]


@each_document
def test_a_manifest_is_valid(document):
    try:
        import kubernetes_validate
    except ImportError:
        needs.lack("kubernetes-validate", "pip install kubernetes-validate")
    version = kubernetes_validate.latest_version()
    kubernetes_validate.validate(document, version, strict=True)


def test_the_configuration_only_opens_the_admin_page(loaded):
    (hint,) = hints(loaded, container=True)
    assert hint.message.startswith("whoever reaches 0.0.0.0:9990 can see the configuration:")
    (rule,) = [r for r in only("NetworkPolicy")["spec"]["ingress"] if "from" in r]
    assert rule["ports"] == [{"port": "admin"}]


def test_the_ports_are_those_of_the_configuration(loaded, pod):
    (container,) = pod["containers"]
    ports = {port["name"]: port["containerPort"] for port in container["ports"]}
    (router,) = loaded.config.routers
    assert ports == {"http": router.servers[0].port, "admin": loaded.config.admin.port}


def test_the_configuration_is_where_the_program_looks(pod):
    (container,), (volume,) = pod["containers"], pod["volumes"]
    (mount,) = container["volumeMounts"]
    (argument,) = container["args"]
    assert volume["configMap"]["name"] == only("ConfigMap")["metadata"]["name"]
    assert argument == f"{mount['mountPath']}/linkerpy.yml"


def test_the_pod_is_given_time_to_drain(loaded, pod):
    assert loaded.config.admin.shutdown_grace < pod["terminationGracePeriodSeconds"]


def test_the_pod_may_do_nothing_but_serve(pod):
    (container,) = pod["containers"]
    rights = container["securityContext"]
    assert pod["securityContext"]["runAsNonRoot"]
    assert rights["readOnlyRootFilesystem"]
    assert not rights["allowPrivilegeEscalation"]
    assert rights["capabilities"] == {"drop": ["ALL"]}


def test_the_parts_belong_together(pod):
    spec = only("DaemonSet")["spec"]
    labels = spec["template"]["metadata"]["labels"]
    assert spec["selector"]["matchLabels"] == labels
    assert only("NetworkPolicy")["spec"]["podSelector"]["matchLabels"] == labels
    account = only("ServiceAccount")["metadata"]
    assert pod["serviceAccountName"] == account["name"]
    (subject,) = only("ClusterRoleBinding")["subjects"]
    assert (subject["name"], subject["namespace"]) == (account["name"], account["namespace"])
    assert only("ClusterRoleBinding")["roleRef"]["name"] == only("ClusterRole")["metadata"]["name"]
