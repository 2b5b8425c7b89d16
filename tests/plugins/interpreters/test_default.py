"""Interpreter `default`: wired to namers, system names, log and metrics."""

from twisted.logger import globalLogPublisher

from linkerpy.naming.delegate import Delegator
from linkerpy.naming.dtab import Dtab
from linkerpy.naming.namer import Enumerable
from linkerpy.naming.path import Path
from linkerpy.plugins.interpreters.default import DefaultConfig
from tests.support.env import counts, fake_env
from tests.support.names import FileNamer, Follow, SourceNamer


def build(namers, env=None):
    return DefaultConfig.model_validate({"kind": "default"}).build(env or fake_env(), namers)


def follow(subject, dtab, path):
    return Follow(subject.bind(Dtab.parse(dtab), Path.parse(path)))


def test_it_binds_by_dtab_by_the_last_namer_and_by_the_system():
    first, last = FileNamer("/#/first", ["/web"]), FileNamer("/#/last", ["/web"])
    prefix = Path.parse("/#/fs")
    subject = build([(prefix, first), (prefix, last)])
    assert follow(subject, "/svc => /#/fs", "/svc/web").last == ("ok", "/#/last/web")
    assert follow(subject, "", "/$/inet/h/80").last == ("ok", "/$/inet/h/80")
    assert isinstance(subject, Delegator)
    assert isinstance(subject, Enumerable)


def test_a_branch_that_a_union_goes_without_is_counted_and_logged_once(request):
    events = []
    globalLogPublisher.addObserver(events.append)
    request.addfinalizer(lambda: globalLogPublisher.removeObserver(events.append))
    env, x = fake_env(), SourceNamer()
    subject = build([(Path.parse("/#/x"), x)], env)
    follow(subject, "/u => 0.9 * /#/x/0 & 0.1 * /#/x/1", "/u")
    x.leaf("/1")
    x.fail("/0")
    x.fail("/0")
    assert counts(env.metrics) == {"naming/pending_branches": 1, "naming/failed_branches": 1}
    texts = [event["log_format"].format(**event) for event in events]
    assert texts == ["/u: its union goes without /#/x/0: boom"]
