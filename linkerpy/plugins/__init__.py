"""Floor 6: the kinds. `BUILTIN` lists them all: (family, kind) -> "module:Class".

A kind's module is imported when a configuration names the kind. Plugins never import each other.
"""

_GLOBAL, _STATIC = "io.l5d.global", "io.l5d.static"
_HTTP, _H2 = "linkerpy.protocol.http.config:Http", "linkerpy.protocol.h2.config:H2"
_THRIFT, _MUX = "linkerpy.protocol.thrift.config:Thrift", "linkerpy.protocol.mux.config:Mux"
_TCP, _LINKERD_TCP = "linkerpy.protocol.tcp.config:", "linkerpy.protocol.tcp.linkerd_tcp:"
_ROUTER = "linkerpy.router.config:"

_PROTOCOLS = {
    "protocol": {
        "http": f"{_HTTP}Router",
        "h2": f"{_H2}Router",
        "thrift": f"{_THRIFT}Router",
        "thriftmux": f"{_THRIFT}MuxRouter",
        "mux": f"{_MUX}Router",
        "tcp": f"{_TCP}TcpRouter",
    },
    "http.client": {_GLOBAL: f"{_HTTP}GlobalClient", _STATIC: f"{_HTTP}StaticClient"},
    "http.service": {_GLOBAL: f"{_HTTP}GlobalService", _STATIC: f"{_HTTP}StaticService"},
    "h2.client": {_GLOBAL: f"{_H2}GlobalClient", _STATIC: f"{_H2}StaticClient"},
    "h2.service": {_GLOBAL: f"{_H2}GlobalService", _STATIC: f"{_H2}StaticService"},
    "thrift.client": {_GLOBAL: f"{_THRIFT}GlobalClient", _STATIC: f"{_THRIFT}StaticClient"},
    "tcp.client": {_GLOBAL: f"{_TCP}TcpGlobalClient", _STATIC: f"{_TCP}TcpStaticClient"},
    "client": {_GLOBAL: f"{_ROUTER}GlobalClient", _STATIC: f"{_ROUTER}StaticClient"},
    "service": {_GLOBAL: f"{_ROUTER}GlobalService", _STATIC: f"{_ROUTER}StaticService"},
    "linkerd-tcp.client": {
        _GLOBAL: f"{_LINKERD_TCP}L5dTcpGlobalClient",
        _STATIC: f"{_LINKERD_TCP}L5dTcpStaticClient",
    },
}

_PLUGINS = {
    "namer": {
        "io.l5d.fs": "namers.fs:FsConfig",
        "io.l5d.rewrite": "namers.rewrite:RewriteConfig",
        "io.l5d.consul": "namers.consul:ConsulConfig",
        "io.l5d.k8s": "namers.k8s:K8sConfig",
        "io.l5d.k8s.ns": "namers.k8s:K8sNamespacedConfig",
        "io.l5d.k8s.external": "namers.k8s:K8sExternalConfig",
        "io.l5d.serversets": "namers.serversets:ServersetsConfig",
        "io.l5d.zkLeader": "namers.zk_leader:ZkLeaderConfig",
        "io.l5d.curator": "namers.curator:CuratorConfig",
        "io.l5d.marathon": "namers.marathon:MarathonConfig",
        "io.l5d.dnssrv": "namers.dnssrv:DnsSrvConfig",
        "io.l5d.rancher": "namers.rancher:RancherConfig",
    },
    "interpreter": {
        "default": "interpreters.default:DefaultConfig",
        "io.l5d.fs": "interpreters.fs:FsInterpreterConfig",
        "io.l5d.namerd": "interpreters.namerd:NamerdConfig",
        "io.l5d.namerd.http": "interpreters.namerd:NamerdHttpConfig",
        "io.l5d.mesh": "interpreters.mesh:MeshConfig",
        "io.l5d.consul.interpreter": "interpreters.consul:ConsulInterpreterConfig",
        "io.l5d.k8s.configMap": "interpreters.k8s:ConfigMapConfig",
        "io.l5d.k8s.istio": "interpreters.k8s:IstioConfig",
    },
    "transformer": {
        "io.l5d.port": "transformers.port:PortConfig",
        "io.l5d.localhost": "transformers.localhost:LocalhostConfig",
        "io.l5d.specificHost": "transformers.specific_host:SpecificHostConfig",
        "io.l5d.replace": "transformers.replace:ReplaceConfig",
        "io.l5d.const": "transformers.const:ConstConfig",
        "io.l5d.k8s.localnode": "transformers.localnode:LocalNodeConfig",
        "io.l5d.k8s.daemonset": "transformers.daemonset:DaemonSetConfig",
    },
    "http.identifier": {
        "io.l5d.header.token": "identifiers.header_token:HeaderTokenConfig",
        "io.l5d.header": "identifiers.header:HeaderConfig",
        "io.l5d.methodAndHost": "identifiers.method_and_host:MethodAndHostConfig",
        "io.l5d.path": "identifiers.path:PathConfig",
        "io.l5d.static": "identifiers.static:StaticConfig",
        "io.l5d.ingress": "identifiers.ingress:IngressConfig",
        "io.l5d.k8s.istio": "identifiers.ingress:IstioConfig",
        "io.l5d.k8s.istio-ingress": "identifiers.ingress:IstioIngressConfig",
    },
    "h2.identifier": {
        "io.l5d.header.token": "identifiers.h2:H2HeaderTokenConfig",
        "io.l5d.header.path": "identifiers.header_path:HeaderPathConfig",
        "io.l5d.header": "identifiers.h2:H2HeaderConfig",
        "io.l5d.methodAndHost": "identifiers.h2:H2MethodAndHostConfig",
        "io.l5d.path": "identifiers.h2:H2PathConfig",
        "io.l5d.static": "identifiers.h2:H2StaticConfig",
        "io.l5d.ingress": "identifiers.ingress:IngressConfig",
        "io.l5d.k8s.istio": "identifiers.ingress:IstioConfig",
        "io.l5d.k8s.istio-ingress": "identifiers.ingress:IstioIngressConfig",
    },
    "http.classifier": {
        "io.l5d.http.nonRetryable5XX": "classifiers.http:NonRetryable5XXConfig",
        "io.l5d.http.retryableRead5XX": "classifiers.http:RetryableRead5XXConfig",
        "io.l5d.http.retryableIdempotent5XX": "classifiers.http:RetryableIdempotent5XXConfig",
        "io.l5d.http.retryableAll5XX": "classifiers.http:RetryableAll5XXConfig",
        "io.l5d.http.allSuccessful": "classifiers.http:AllSuccessfulConfig",
    },
    "h2.classifier": {
        "io.l5d.h2.nonRetryable5XX": "classifiers.h2:H2NonRetryable5XXConfig",
        "io.l5d.h2.retryableRead5XX": "classifiers.h2:H2RetryableRead5XXConfig",
        "io.l5d.h2.retryableIdempotent5XX": "classifiers.h2:H2RetryableIdempotent5XXConfig",
        "io.l5d.h2.retryableAll5XX": "classifiers.h2:H2RetryableAll5XXConfig",
        "io.l5d.h2.allSuccessful": "classifiers.h2:H2AllSuccessfulConfig",
        "io.l5d.h2.grpc.default": "classifiers.grpc:DefaultConfig",
        "io.l5d.h2.grpc.compliant": "classifiers.grpc:CompliantConfig",
        "io.l5d.h2.grpc.alwaysRetryable": "classifiers.grpc:AlwaysRetryableConfig",
        "io.l5d.h2.grpc.neverRetryable": "classifiers.grpc:NeverRetryableConfig",
        "io.l5d.h2.grpc.retryableStatusCodes": "classifiers.grpc:RetryableStatusCodesConfig",
    },
    "http.propagator": {
        "io.l5d.default": "tracers.default:DefaultConfig",
        "io.l5d.w3c": "tracers.w3c:W3cConfig",
        "io.l5d.zipkin": "tracers.zipkin:ZipkinConfig",
    },
    "h2.propagator": {
        "io.l5d.default": "tracers.default:DefaultConfig",
        "io.l5d.w3c": "tracers.w3c:W3cConfig",
        "io.l5d.zipkin": "tracers.zipkin:ZipkinConfig",
    },
    "http.authorizer": {"io.l5d.k8s.istio": "authorizers.istio:IstioConfig"},
    "h2.authorizer": {"io.l5d.k8s.istio": "authorizers.istio:IstioConfig"},
    "labeler": {
        "ip": "labelers:IpConfig",
        "ip:port": "labelers:IpPortConfig",
        "connectionRandom": "labelers:ConnectionRandomConfig",
        "requestRandom": "labelers:RequestRandomConfig",
        "router": "labelers:RouterConfig",
        "static": "labelers:StaticConfig",
    },
    "balancer": {
        "p2c": "balancers.p2c:P2cConfig",
        "ewma": "balancers.ewma:EwmaConfig",
        "aperture": "balancers.aperture:ApertureConfig",
        "heap": "balancers.heap:HeapConfig",
        "roundRobin": "balancers.round_robin:RoundRobinConfig",
    },
    "accrual": {
        "none": "accruals.none:NoneConfig",
        "io.l5d.consecutiveFailures": "accruals.consecutive_failures:ConsecutiveFailuresConfig",
        "io.l5d.successRate": "accruals.success_rate:SuccessRateConfig",
        "io.l5d.successRateWindowed": "accruals.success_rate:SuccessRateWindowedConfig",
    },
    "backoff": {
        "constant": "backoffs:ConstantConfig",
        "jittered": "backoffs:JitteredConfig",
    },
    "telemeter": {
        "io.l5d.prometheus": "telemeters.prometheus:PrometheusConfig",
        "io.l5d.influxdb": "telemeters.influxdb:InfluxDbConfig",
        "io.l5d.statsd": "telemeters.statsd:StatsDConfig",
        "io.l5d.tracelog": "telemeters.tracelog:TracelogConfig",
        "io.l5d.recentRequests": "telemeters.recent_requests:RecentRequestsConfig",
        "io.l5d.zipkin": "telemeters.zipkin:ZipkinConfig",
        "io.zipkin.http": "telemeters.zipkin:ZipkinHttpConfig",
        "io.l5d.otlp": "telemeters.otlp:OtlpConfig",
    },
    "announcer": {"io.l5d.serversets": "announcers.serversets:ServersetsConfig"},
    "store": {
        "io.l5d.inMemory": "stores.in_memory:InMemoryConfig",
        "io.l5d.consul": "stores.consul:ConsulConfig",
        "io.l5d.k8s": "stores.k8s:K8sConfig",
        "io.l5d.zk": "stores.zk:ZkConfig",
        "io.l5d.etcd": "stores.etcd:EtcdConfig",
    },
    "iface": {
        "io.l5d.httpController": "ifaces.http_controller:HttpControllerConfig",
        "io.l5d.thriftNameInterpreter": "ifaces.thrift:ThriftNameInterpreterConfig",
        "io.l5d.mesh": "ifaces.mesh:MeshConfig",
        "io.l5d.destination": "ifaces.destination:DestinationConfig",
    },
}

BUILTIN: dict[tuple[str, str], str] = {
    **{(f, kind): where for f, rows in _PROTOCOLS.items() for kind, where in rows.items()},
    **{
        (f, kind): f"linkerpy.plugins.{where}"
        for f, rows in _PLUGINS.items()
        for kind, where in rows.items()
    },
}
