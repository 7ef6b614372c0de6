#include "unit/document_bed.h"

/* A file, its topology, its only site, and the clusters of that. */
#define FILE_BEGIN "<TopologyBuilder xmlns='" NS_TB "' FileName='C:\\x.tbxml'>"
#define FILE_END   "</TopologyBuilder>"
#define NEW_BEGIN  FILE_BEGIN "<NewTopology><PartialTopology xmlns='" NS_WT "' Signature='s'>"
#define NEW_END    "</PartialTopology></NewTopology>" FILE_END
#define SITE_BEGIN "<CentralSites><CentralSite SiteId='1'><Name xmlns='" NS_T "'>Redmond</Name>"
#define SITE_END   "</CentralSite></CentralSites>"
#define ONE_CLUSTER                                                                                \
    "<Clusters><Cluster UniqueId='Id-One' Fqdn='a.net' IsSingleMachineOnly='true'>"                \
    "<Machines><Machine/></Machines></Cluster></Clusters>"
#define ONE_SITE SITE_BEGIN ONE_CLUSTER SITE_END
#define OLD_TOPOLOGY                                                                               \
    "<OldTopology><PartialTopology xmlns='" NS_WT "'><SimpleUrlConfiguration xmlns='" NS_U         \
    "'/>" ONE_SITE "</PartialTopology></OldTopology>"

static const char *const example[] = {"example.tbxml", NULL};

/* What stands in the file, read with the eye; its first line begins with a byte order mark. */
START_TEST(test_example)
{
    cs_auto(cs_topology) topology = bed_topology_of(example);
    const struct cs_topo_pool *pool = &topology->pools[0];
    const struct cs_topo_pool *single = &topology->pools[1];

    ck_assert_str_eq(topology->form, "tbxml");
    ck_assert_str_eq(topology->signature, "00000000-0000-0000-0000-000000000000");
    ck_assert(topology->has_simple_urls && !topology->use_backend_database);
    ck_assert_uint_eq(topology->domain_count, 3);
    ck_assert_str_eq(topology->domains[0].name.source, "example.tbxml:6 InternalDomain@Name");
    ck_assert_str_eq(topology->sites[0].name, "Redmond");
    ck_assert_uint_eq(topology->pool_count, 7);
    ck_assert_uint_eq(topology->url_count, 5);
    ck_assert_uint_eq(topology->warnings.count, 0);
    ck_assert_str_eq(pool->fqdn.source, "example.tbxml:32 Cluster@Fqdn");
    ck_assert_uint_eq(pool->computer_count, 3);
    ck_assert_str_eq(pool->computers[1].name, "fe2.litwareinc.net");
    ck_assert_str_eq(pool->computers[1].source, "example.tbxml:38 Machine@Fqdn");
    ck_assert_str_eq(pool->site, "1");
    ck_assert_str_eq(single->fqdn.name, "se1.litwareinc.net");
    ck_assert_uint_eq(single->computer_count, 1);
    ck_assert_str_eq(single->computers[0].name, "se1.litwareinc.net");
    ck_assert_str_eq(single->computers[0].source, "example.tbxml:49 Cluster@Fqdn");
    ck_assert_int_eq((int)cs_topo_pool_role(single), (int)CS_ROLE_STANDARD_EDITION);
    ck_assert_int_eq((int)cs_topo_pool_role(&topology->pools[2]), (int)CS_ROLE_DIRECTOR);
    ck_assert_uint_eq(topology->pools[5].services, 0);
}
END_TEST

/* What the file was before it was edited does not count, nor what stands beside NewTopology. */
START_TEST(test_old_topology)
{
    static const char text[] = FILE_BEGIN OLD_TOPOLOGY
        "<Other><SimpleUrlConfiguration xmlns='" NS_U "'/></Other>"
        "<NewTopology><PartialTopology xmlns='" NS_WT "'>" SITE_BEGIN
        "<Clusters><Cluster UniqueId='Id-One' Fqdn='new.net'/></Clusters>" SITE_END
        "</PartialTopology></NewTopology>" OLD_TOPOLOGY FILE_END;
    cs_auto(cs_topology) topology = bed_topology(text);

    ck_assert_uint_eq(topology->pool_count, 1);
    ck_assert_str_eq(topology->pools[0].fqdn.name, "new.net");
    ck_assert(!topology->has_simple_urls);
}
END_TEST

/* Ids are opaque and have no case; a service on an SQL instance is none of the cluster's. */
START_TEST(test_installed_on)
{
    static const char text[] = NEW_BEGIN
        "<Services><Service RoleName='Registrar' InstalledOn='Id-ONE' ServiceVersion='7'/>"
        "<Service RoleName='EdgeServer' InstalledOn='SQL-one'/>"
        "<Service RoleName='EdgeServer' InstalledOn='sql-SITE'/>"
        "<Service RoleName='MediationServer' InstalledOn='{two}' "
        "ServiceVersion='8'/></Services>" SITE_BEGIN
        "<Clusters><Cluster UniqueId='id-One' Fqdn='a'><SqlInstances>"
        "<SqlInstance UniqueId='sql-ONE' Name='rtc'/></SqlInstances></Cluster>"
        "<Cluster UniqueId='{TWO}' Fqdn='b'/></Clusters>"
        "<SqlInstances><SqlInstance UniqueId='sql-site'/></SqlInstances>" SITE_END NEW_END;
    cs_auto(cs_topology) topology = bed_topology(text);

    ck_assert_uint_eq(topology->pool_count, 2);
    ck_assert_uint_eq(topology->pools[0].services, CS_SERVICE_REGISTRAR);
    ck_assert_int_eq(topology->pools[0].service_version, 7);
    ck_assert_uint_eq(topology->pools[1].services, CS_SERVICE_MEDIATION);
    ck_assert_int_eq(topology->pools[1].service_version, 8);
    ck_assert_uint_eq(topology->warnings.count, 0);
}
END_TEST

START_TEST(test_branch)
{
    static const char text[] = NEW_BEGIN SITE_BEGIN ONE_CLUSTER
        "<RemoteSites><RemoteSite SiteId='2'><Name xmlns='" NS_T "'>Galway</Name>"
        "<Clusters><Cluster UniqueId='b' "
        "Fqdn='b.net'/></Clusters></RemoteSite></RemoteSites>" SITE_END NEW_END;
    cs_auto(cs_topology) topology = bed_topology(text);

    ck_assert_uint_eq(topology->site_count, 2);
    ck_assert(!topology->sites[0].is_branch && topology->sites[1].is_branch);
    ck_assert_str_eq(topology->sites[1].name, "Galway");
    ck_assert_str_eq(topology->pools[0].site, "1");
    ck_assert_str_eq(topology->pools[1].site, "2");
}
END_TEST

/* The only machine of a cluster may be nameless, whatever the cluster says of itself. */
START_TEST(test_nameless)
{
    static const char text[] = NEW_BEGIN SITE_BEGIN
        "<Clusters><Cluster UniqueId='a' Fqdn='A.net' IsSingleMachineOnly='false'><Machines>"
        "<Machine Fqdn=''/></Machines></Cluster><Cluster UniqueId='b' Fqdn='b.net'><Machines>"
        "<Machine Fqdn='own.net'/></Machines></Cluster></Clusters>" SITE_END NEW_END;
    cs_auto(cs_topology) topology = bed_topology(text);

    ck_assert_str_eq(topology->pools[0].computers[0].name, "a.net");
    ck_assert_str_eq(topology->pools[1].computers[0].name, "own.net");
}
END_TEST

START_TEST(test_not_installed)
{
    cs_auto(cs_topology) topology = bed_topology(
        NEW_BEGIN ONE_SITE "<Services><Service RoleName='EdgeServer'/></Services>" NEW_END);

    ck_assert_uint_eq(topology->pools[0].services, 0);
    ck_assert_uint_eq(topology->warnings.count, 1);
    assert_contains(topology->warnings.items[0], "EdgeServer");
}
END_TEST

static const struct {
    const char *text;
    const char *words[5];
} refused[] = {
    {FILE_BEGIN FILE_END, {"x.tbxml:1", "<TopologyBuilder>", "NewTopology"}},
    {FILE_BEGIN "<NewTopology/>" FILE_END, {"<TopologyBuilder>", "PartialTopology"}},
    {FILE_BEGIN OLD_TOPOLOGY FILE_END, {"<TopologyBuilder>", "NewTopology"}},
    {NEW_BEGIN NEW_END, {"<PartialTopology>", "no cluster"}},
    {NEW_BEGIN "<CentralSites><CentralSite/></CentralSites>" NEW_END, {"<CentralSite>", "SiteId"}},
    {NEW_BEGIN SITE_BEGIN "<Clusters>\n<Cluster Fqdn='a'/></Clusters>" SITE_END NEW_END,
     {"x.tbxml:2", "<Cluster>", "UniqueId"}},
    {NEW_BEGIN SITE_BEGIN "<Clusters><Cluster UniqueId='a'/></Clusters>" SITE_END NEW_END,
     {"<Cluster>", "Fqdn"}},
    {NEW_BEGIN SITE_BEGIN ONE_CLUSTER
     "<Clusters>\n<Cluster UniqueId='ID-ONE' Fqdn='b'/></Clusters>" SITE_END NEW_END,
     {"x.tbxml:2", "<Cluster>", "\"ID-ONE\"", "twice"}},
    {NEW_BEGIN SITE_BEGIN ONE_CLUSTER
     "<SqlInstances>\n<SqlInstance UniqueId='id-one'/></SqlInstances>" SITE_END NEW_END,
     {"x.tbxml:2", "<SqlInstance>", "\"id-one\"", "twice"}},
    {NEW_BEGIN SITE_BEGIN "<SqlInstances><SqlInstance/></SqlInstances>" SITE_END NEW_END,
     {"<SqlInstance>", "UniqueId"}},
    {NEW_BEGIN SITE_BEGIN "<Clusters><Cluster UniqueId='a' Fqdn='a'><Machines><Machine Fqdn='x'/>\n"
                          "<Machine/></Machines></Cluster></Clusters>" SITE_END NEW_END,
     {"x.tbxml:2", "<Machine>", "Fqdn", "line 1"}},
    {NEW_BEGIN ONE_SITE
     "<Services>\n<Service RoleName='Registrar' InstalledOn='b'/></Services>" NEW_END,
     {"x.tbxml:2", "<Service>", "InstalledOn of the service Registrar", "\"b\""}},
    {NEW_BEGIN ONE_SITE "<Services><Service InstalledOn='id-one'/></Services>" NEW_END,
     {"<Service>", "RoleName"}},
    {"<r>" NEW_BEGIN ONE_SITE NEW_END NEW_BEGIN ONE_SITE NEW_END "</r>",
     {"<PartialTopology>", "second", "of x.tbxml"}},
};

START_TEST(test_refused)
{
    bed_refused("x.tbxml", refused[_i].text, refused[_i].words);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("tbxml");
    TCase *tcase = tcase_create("tbxml");

    cs_document_init();
    tcase_add_test(tcase, test_example);
    tcase_add_test(tcase, test_old_topology);
    tcase_add_test(tcase, test_installed_on);
    tcase_add_test(tcase, test_branch);
    tcase_add_test(tcase, test_nameless);
    tcase_add_test(tcase, test_not_installed);
    add_rows(tcase, test_refused, refused);
    suite_add_tcase(suite, tcase);
    return check_run(suite);
}
