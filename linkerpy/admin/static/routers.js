// The routers, as the configuration tells of them.

/** Where a browser on another machine reaches a server of the configuration. */
function reachable(server) {
  const ip = server.ip ?? "localhost";
  const here = ["0.0.0.0", "::", "0:0:0:0:0:0:0:0"].includes(ip) ? location.hostname : ip;
  return here.includes(":") && !here.startsWith("[") ? `[${here}]` : here;
}

/** The configuration says only what its file says; these are the ports without. */
const PORTS = { http: 4140, h2: 4142, thrift: 4114, mux: 4141, thriftmux: 4144 };
const portOf = (router, server) => server.port ?? PORTS[router.protocol];

/** Where a configuration has TLS believe whoever answers: "router web", "namers". */
export function careless(config) {
  const believes = (value) => value !== null && typeof value === "object"
    && ((value.disableValidation === true && value.enabled !== false) || Object.values(value).some(believes));
  const { routers = [], ...rest } = config;
  return [
    ...routers.filter(believes).map((router) => `router ${router.label ?? router.protocol}`),
    ...Object.keys(rest).filter((key) => believes(rest[key])),
  ];
}

/** What the pages need to know of the routers of a configuration. */
export function routersOf(config) {
  return (config.routers ?? []).map((router, index) => ({
    index,
    label: router.label ?? router.protocol,
    protocol: router.protocol,
    dtab: (router.dtab ?? "").replaceAll(/\s*;\s*/g, " ;\n").replaceAll(/[ \t]*=>[ \t]*/g, " => ").trim(),
    prefix: router.dstPrefix ?? "/svc",
    servers: (router.servers ?? []).map((server) => `${server.ip ?? "localhost"}:${portOf(router, server) ?? "?"}`),
    url: router.servers?.[0] ? `http://${reachable(router.servers[0])}:${portOf(router, router.servers[0])}/` : null,
  }));
}
