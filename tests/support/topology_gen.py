#!/usr/bin/env python3
"""Prints a deployment of any size as the documents that cscert reads. Deterministic.

    topology_gen.py topology    --computers 2000 --pools 300 > topology.xml
    topology_gen.py simple-urls --computers 2000 --pools 300 > simpleurls.xml
    topology_gen.py expected    --computers 2000 --pools 300 > expected.json

    topology_gen.py topology    --certificates 1000 > topology.xml

`topology` is the published form (Get-CsTopology -AsXml), `simple-urls` a SimpleUrlConfiguration
with a Meet URL for each SIP domain, Dialin and Cscp, `expected` what must come out: {"Sites",
"Pools", "Computers", "Domains", "Certificates", "Roles": {"Front End": {"Pools", "Computers"},
...}}. The three agree if they are asked with the same options.

--computers N --pools M: so many, exactly; at least one computer for each pool.
--certificates C: exactly C certificates come out of `plan --all`; --pools may be said, else there
    is a pool for about six of them. Not together with --computers.
--domains D: SIP domains, 3 unless said; the first is the default one.
--sites S: a site for about ten pools unless said.
--xmpp: XMPP federation on every second Edge pool.

The roles come in a fixed round of ten pools: 4 Front End, 2 Standard Edition (one computer each), a
Director, a Mediation and 2 Edge pools. Certificates by the rules of docs/TOPOLOGY.md: one for each
computer, but two for each Edge pool, and one OAuthTokenIssuer. `topology check` finds nothing.
"""

import argparse
import json
import sys

FRONT_END, STANDARD, DIRECTOR, MEDIATION, EDGE = (
    "Front End", "Standard Edition", "Director", "Mediation", "Edge")
ROUND = (FRONT_END, EDGE, STANDARD, FRONT_END, MEDIATION, FRONT_END, DIRECTOR, EDGE, STANDARD,
         FRONT_END)
SHORT = {FRONT_END: "fe", STANDARD: "se", DIRECTOR: "dir", MEDIATION: "med", EDGE: "edge"}

DEPLOY = "urn:schema:Microsoft.Rtc.Management.Deploy."
ROLES = DEPLOY + "ServiceRoles.2008"
CLASSES = "Microsoft.Rtc.Management.Deploy.Internal.ServiceRoles."
EDGE_CERTIFICATES = 2
EDGE_COMPUTERS = 3  # of an Edge pool, where only the number of certificates is asked for


class Pool:
    def __init__(self, index):
        self.number = index + 1
        self.role = ROUND[index % len(ROUND)]
        self.size = 1
        self.name = f"{SHORT[self.role]}{self.number}"
        self.site = 0
        self.xmpp = False

    @property
    def fqdn(self):
        return self.computers()[0] if self.role == STANDARD else f"{self.name}.litwareinc.net"

    def computers(self):
        if self.role == STANDARD:
            return [f"{self.name}.litwareinc.net"]
        return [f"{self.name}-{number}.litwareinc.net" for number in range(1, self.size + 1)]


def spread(pools, computers):
    """Gives @pools so many computers together, as evenly as it goes."""
    if computers < len(pools) or (computers and not pools):
        sys.exit(f"topology_gen.py: {computers} computers do not go into {len(pools)} pools")
    for index, pool in enumerate(pools):
        pool.size = computers // len(pools) + (index < computers % len(pools))


def make(options):
    count = options.pools
    if options.certificates:
        count = count or max(1, options.certificates // 6)
    pools = [Pool(index) for index in range(count)]
    shared = [pool for pool in pools if pool.role not in (STANDARD, EDGE)]
    edges = [pool for pool in pools if pool.role == EDGE]
    fixed = sum(pool.role == STANDARD for pool in pools)
    if options.certificates:
        for pool in edges:
            pool.size = EDGE_COMPUTERS
        spread(shared, options.certificates - 1 - fixed - EDGE_CERTIFICATES * len(edges))
    else:
        spread(shared + edges, options.computers - fixed)
    for pool in pools:
        pool.site = (pool.number - 1) * options.sites // len(pools) + 1
    for pool in edges[::2]:
        pool.xmpp = options.xmpp
    return pools


def expected(pools, options):
    roles = {}
    for pool in pools:
        row = roles.setdefault(pool.role, {"Pools": 0, "Computers": 0})
        row["Pools"] += 1
        row["Computers"] += pool.size
    certificates = 1 + sum(EDGE_CERTIFICATES if pool.role == EDGE else pool.size for pool in pools)
    return {"Sites": options.sites, "Pools": len(pools), "Domains": options.domains,
            "Computers": sum(pool.size for pool in pools), "Certificates": certificates,
            "Roles": roles}


def domain(index):
    return f"litwareinc{index}.com" if index else "litwareinc.com"


def port(owner, usage, side, number, protocol, rest=""):
    return (f'<Port Owner="urn:component:{owner}" Usage="{usage}" InterfaceSide="{side}" '
            f'InterfaceNumber="1" Port="{number}" Protocol="{protocol}" UrlPath="/" '
            f'AuthorizesRequests="false"{rest} />')


def service(pool, role, ports="", kind="", inner=""):
    of_class = f' Type="{CLASSES}{kind}"' if kind else ""
    return (f'    <Service RoleVersion="1" ServiceVersion="7"{of_class}>\n'
            f'      <ServiceId SiteId="{pool.site}" RoleName="{role}" Instance="{pool.number}" />\n'
            f'      <DependsOn />\n'
            f'      <InstalledOn><ClusterId SiteId="{pool.site}" Number="{pool.number}" />'
            f'</InstalledOn>\n'
            f'      <Ports xmlns="{ROLES}">{ports}</Ports>\n{inner}    </Service>\n')


def registrar(pool):
    director = str(pool.role == DIRECTOR).lower()
    return service(pool, "Registrar", port("Registrar", "SipServer", "Primary", 5061, "Mtls"),
                   "RegistrarService",
                   f'      <RegistrarService xmlns="{ROLES}" IsDirector="{director}" />\n')


def web_services(pool):
    components = "".join(f'<Component ComponentName="{name}" />' for name in
                         ("ABHandler", "AutodiscoverService", "Cscp", "Dialin", "Meet"))
    inner = (f'      <WebService xmlns="{ROLES}">'
             f'<ExternalSettings Host="webext-{pool.name}.litwareinc.com"><OverrideUrls />'
             f'</ExternalSettings><WebComponents xmlns="{DEPLOY}WebServices.2011">{components}'
             f'</WebComponents></WebService>\n')
    return service(pool, "WebServices", port("OCSWebSite", "WebSite", "Primary", 443, "Https"),
                   "WebService", inner)


def edge_server(pool):
    def named(name):
        return f' ConfiguredFqdn="{name}-{pool.name}.litwareinc.com"'

    ports = (port("AccessEdge", "SipServer", "Internal", 5061, "Mtls")
             + port("AccessEdge", "SipClient", "External", 443, "Tls", named("access"))
             + port("DataEdge", "PsomClient", "External", 443, "Tls", named("webconf"))
             + port("MediaRelayEdge", "TURNServer", "External", 443, "Tcp", named("av")))
    if pool.xmpp:
        ports += port("XmppFederationProxy", "XmppServer", "External", 5269, "Tls")
    return service(pool, "EdgeServer", ports)


def services(pool):
    text = ""
    if pool.role in (FRONT_END, STANDARD):
        text += service(pool, "UserServices")
    if pool.role in (FRONT_END, STANDARD, DIRECTOR):
        text += registrar(pool) + web_services(pool)
    if pool.role == MEDIATION:
        text += service(pool, "MediationServer",
                        port("Mediation", "SipServer", "Primary", 5070, "Mtls"))
    if pool.role == EDGE:
        text += edge_server(pool)
    if pool.number == 1:  # a Front End pool
        text += service(pool, "CentralMgmt", kind="CentralMgmtService",
                        inner=f'      <CentralMgmtService xmlns="{ROLES}" IsActive="true" />\n')
    return text


def cluster(pool):
    machines = "".join(f'      <Machine OrdinalInCluster="{number}" Fqdn="{fqdn}" />\n'
                       for number, fqdn in enumerate(pool.computers(), 1))
    return (f'    <Cluster RequiresReplication="true" RequiresSetup="true" Fqdn="{pool.fqdn}">\n'
            f'      <ClusterId SiteId="{pool.site}" Number="{pool.number}" />\n'
            f'{machines}    </Cluster>\n')


def topology(pools, options):
    out = [f'<Topology xmlns="{DEPLOY}Topology.2008" '
           f'Signature="00000000-0000-4000-8000-{len(pools):012}">\n'
           f'  <InternalDomains AllowAllDomains="false" DefaultDomain="{domain(0)}">\n']
    out += [f'    <InternalDomain Name="{domain(index)}" Authoritative="false" '
            f'AllowSubDomains="false" />\n' for index in range(options.domains)]
    out += ["  </InternalDomains>\n  <Sites>\n"]
    out += [f'    <CentralSite SiteId="{number}"><Name>Site {number}</Name><Location />'
            f'</CentralSite>\n' for number in range(1, options.sites + 1)]
    out += ["  </Sites>\n  <Clusters>\n"]
    out += [cluster(pool) for pool in pools]
    out += ["  </Clusters>\n  <SqlInstances />\n  <Services>\n"]
    out += [services(pool) for pool in pools]
    out += ["  </Services>\n</Topology>\n"]
    return "".join(out)


def simple_urls(options):
    def url(component, of_domain, host):
        return (f'  <SimpleUrl Component="{component}" Domain="{of_domain}" '
                f'ActiveUrl="https://{host}">\n    <SimpleUrlEntry Url="https://{host}" />\n'
                f'  </SimpleUrl>\n')

    meets = "".join(url("Meet", domain(index), f"meet.{domain(index)}")
                    for index in range(options.domains))
    return ('<SimpleUrlConfiguration UseBackendDatabase="false" '
            'xmlns="urn:schema:Microsoft.Rtc.Management.Settings.SimpleUrl.2008">\n'
            + url("Dialin", "*", f"dialin.{domain(0)}") + url("Cscp", "*", f"admin.{domain(0)}")
            + meets + "</SimpleUrlConfiguration>\n")


def main():
    parser = argparse.ArgumentParser(description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("document", choices=("topology", "simple-urls", "expected"))
    parser.add_argument("--computers", type=int, default=0)
    parser.add_argument("--certificates", type=int, default=0)
    parser.add_argument("--pools", type=int, default=0)
    parser.add_argument("--domains", type=int, default=3)
    parser.add_argument("--sites", type=int, default=0)
    parser.add_argument("--xmpp", action="store_true")
    options = parser.parse_args()
    if bool(options.certificates) == bool(options.computers):
        parser.error("say either --computers and --pools, or --certificates")
    if options.computers and not options.pools:
        parser.error("--computers needs --pools")
    if not options.sites:
        pools = options.pools or max(1, options.certificates // 6)
        options.sites = max(1, pools // 10)
    pools = make(options)
    if options.document == "topology":
        sys.stdout.write(topology(pools, options))
    elif options.document == "simple-urls":
        sys.stdout.write(simple_urls(options))
    else:
        print(json.dumps(expected(pools, options), indent=1))


if __name__ == "__main__":
    main()
