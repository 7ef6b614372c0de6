/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * ICertPassage ([MS-ICPR]) as an endpoint server of Samba's AD DC, for tests.
 *
 * The interface has one call, CertServerRequest, so its NDR is written by hand.
 * The CA daemon decides; this module carries the call to its Unix socket, which
 * the smb.conf option "icertpassage:socket" names, and back.  Samba loads it from
 * dcerpc_server/, and starts it with "dcerpc endpoint servers = +icertpassage".
 */
#include <stdlib.h>
#include <string.h>

#include "ca_client.h"

/* Samba's headers do not include what they need: this order matters. */
#include <core/ntstatus.h>
#include <core/werror.h>
#include <dcerpc.h>
#include <dcesrv_core.h>
#include <gen_ndr/auth.h>
#include <ndr.h>
#include <param.h>
#include <talloc.h>
#include <tevent.h>
#include <util/data_blob.h>
#include <util/debug.h>
#include <util/time.h>

#define MAX_BLOB                 (1024 * 1024)
#define RPC_S_SERVER_UNAVAILABLE 0x800706BA /* as an HRESULT */

struct cert_blob { /* CERTTRANSBLOB */
    uint32_t cb;
    uint8_t *pb;
};

struct cert_server_request {
    struct {
        uint32_t flags;
        const char *authority; /* UTF-8, or NULL */
        uint32_t request_id;
        struct cert_blob attributes;
        struct cert_blob request;
    } in;
    struct {
        uint32_t request_id;
        uint32_t disposition;
        struct cert_blob chain;
        struct cert_blob cert;
        struct cert_blob message;
        uint32_t result;
    } out;
};

/* --- NDR ----------------------------------------------------------------- */

static enum ndr_err_code pull_blob(struct ndr_pull *ndr, struct cert_blob *blob)
{
    uint32_t pointer, size;

    NDR_CHECK(ndr_pull_align(ndr, 5)); /* 4, or 8 in NDR64 */
    NDR_CHECK(ndr_pull_uint32(ndr, NDR_SCALARS, &blob->cb));
    NDR_CHECK(ndr_pull_generic_ptr(ndr, &pointer));
    blob->pb = NULL;
    if (pointer == 0)
        return blob->cb == 0 ? NDR_ERR_SUCCESS : ndr_pull_error(ndr, NDR_ERR_ARRAY_SIZE, "no blob");
    NDR_CHECK(ndr_pull_uint3264(ndr, NDR_SCALARS, &size));
    if (size != blob->cb || size > MAX_BLOB)
        return ndr_pull_error(ndr, NDR_ERR_ARRAY_SIZE, "bad blob size");
    NDR_PULL_ALLOC_N(ndr, blob->pb, size);
    return ndr_pull_array_uint8(ndr, NDR_SCALARS, blob->pb, size);
}

static enum ndr_err_code push_blob(struct ndr_push *ndr, const struct cert_blob *blob)
{
    NDR_CHECK(ndr_push_align(ndr, 5));
    NDR_CHECK(ndr_push_uint32(ndr, NDR_SCALARS, blob->cb));
    NDR_CHECK(ndr_push_unique_ptr(ndr, blob->pb));
    if (blob->pb == NULL)
        return NDR_ERR_SUCCESS;
    NDR_CHECK(ndr_push_uint3264(ndr, NDR_SCALARS, blob->cb));
    return ndr_push_array_uint8(ndr, NDR_SCALARS, blob->pb, blob->cb);
}

static enum ndr_err_code pull_authority(struct ndr_pull *ndr, const char **authority)
{
    uint32_t pointer, size, offset, length;

    *authority = NULL;
    NDR_CHECK(ndr_pull_generic_ptr(ndr, &pointer));
    if (pointer == 0)
        return NDR_ERR_SUCCESS;
    NDR_CHECK(ndr_pull_uint3264(ndr, NDR_SCALARS, &size));
    NDR_CHECK(ndr_pull_uint3264(ndr, NDR_SCALARS, &offset));
    NDR_CHECK(ndr_pull_uint3264(ndr, NDR_SCALARS, &length));
    if (offset != 0 || length == 0 || length > size)
        return ndr_pull_error(ndr, NDR_ERR_ARRAY_SIZE, "bad string header");
    NDR_CHECK(ndr_check_string_terminator(ndr, length, sizeof(uint16_t)));
    return ndr_pull_charset(ndr, NDR_SCALARS, authority, length, sizeof(uint16_t), CH_UTF16);
}

static enum ndr_err_code pull_request(struct ndr_pull *ndr, struct cert_server_request *r)
{
    NDR_CHECK(ndr_pull_uint32(ndr, NDR_SCALARS, &r->in.flags));
    NDR_CHECK(pull_authority(ndr, &r->in.authority));
    NDR_CHECK(ndr_pull_uint32(ndr, NDR_SCALARS, &r->in.request_id));
    NDR_CHECK(pull_blob(ndr, &r->in.attributes));
    return pull_blob(ndr, &r->in.request);
}

static enum ndr_err_code push_reply(struct ndr_push *ndr, const struct cert_server_request *r)
{
    NDR_CHECK(ndr_push_uint32(ndr, NDR_SCALARS, r->out.request_id));
    NDR_CHECK(ndr_push_uint32(ndr, NDR_SCALARS, r->out.disposition));
    NDR_CHECK(push_blob(ndr, &r->out.chain));
    NDR_CHECK(push_blob(ndr, &r->out.cert));
    NDR_CHECK(push_blob(ndr, &r->out.message));
    return ndr_push_uint32(ndr, NDR_SCALARS, r->out.result);
}

/* --- the CA daemon ------------------------------------------------------- */

static uint32_t number_of(const uint8_t *text)
{
    return strtoul((const char *)text, NULL, 10);
}

static bool to_blob(struct cert_server_request *r, struct cert_blob *blob, const uint8_t *value,
                    size_t length)
{
    if (length == 0)
        return true;
    blob->cb = length;
    blob->pb = talloc_memdup(r, value, length);
    return blob->pb != NULL;
}

/* A field of the CA's reply; its value ends with a NUL that length leaves out. */
static bool store_field(void *context, const char *name, const uint8_t *value, size_t length)
{
    struct cert_server_request *r = context;

    if (strcmp(name, "id") == 0)
        r->out.request_id = number_of(value);
    else if (strcmp(name, "disposition") == 0)
        r->out.disposition = number_of(value);
    else if (strcmp(name, "return") == 0)
        r->out.result = number_of(value);
    else if (strcmp(name, "chain") == 0)
        return to_blob(r, &r->out.chain, value, length);
    else if (strcmp(name, "cert") == 0)
        return to_blob(r, &r->out.cert, value, length);
    else if (strcmp(name, "message") == 0)
        return to_blob(r, &r->out.message, value, length);
    return true;
}

static bool ask_ca(const char *socket_path, const struct auth_user_info *user,
                   struct cert_server_request *r)
{
    char *name = talloc_asprintf(r, "%s\\%s", user->domain_name, user->account_name);
    FILE *ca = name != NULL ? ca_connect(socket_path) : NULL;
    bool done;

    if (ca == NULL) {
        DBG_ERR("cannot reach the CA at %s\n", socket_path);
        return false;
    }
    ca_send_text(ca, "op", "rpc");
    ca_send_text(ca, "user", name);
    ca_send_text(ca, "authority", r->in.authority != NULL ? r->in.authority : "");
    ca_send_number(ca, "flags", r->in.flags);
    ca_send_number(ca, "id", r->in.request_id);
    ca_send(ca, "attributes", r->in.attributes.pb, r->in.attributes.cb);
    ca_send(ca, "request", r->in.request.pb, r->in.request.cb);
    done = ca_finish(ca, store_field, r);
    fclose(ca);
    return done;
}

/* --- the interface ------------------------------------------------------- */

static NTSTATUS op_pull(struct dcesrv_call_state *call, TALLOC_CTX *mem, struct ndr_pull *pull,
                        void **r)
{
    struct cert_server_request *request;

    if (call->pkt.u.request.opnum != 0) {
        call->fault_code = DCERPC_FAULT_OP_RNG_ERROR;
        return NT_STATUS_NET_WRITE_FAULT;
    }
    request = talloc_zero(mem, struct cert_server_request);
    NT_STATUS_HAVE_NO_MEMORY(request);
    if (!NDR_ERR_CODE_IS_SUCCESS(pull_request(pull, request))) {
        call->fault_code = DCERPC_FAULT_NDR;
        return NT_STATUS_NET_WRITE_FAULT;
    }
    *r = request;
    return NT_STATUS_OK;
}

static NTSTATUS op_dispatch(struct dcesrv_call_state *call, TALLOC_CTX *mem, void *r)
{
    struct cert_server_request *request = r;
    const char *path =
        lpcfg_parm_string(call->conn->dce_ctx->lp_ctx, NULL, "icertpassage", "socket");

    (void)mem;
    if (path == NULL || !ask_ca(path, dcesrv_call_session_info(call)->info, request)) {
        memset(&request->out, 0, sizeof(request->out));
        request->out.disposition = RPC_S_SERVER_UNAVAILABLE;
        request->out.result = RPC_S_SERVER_UNAVAILABLE;
    }
    return NT_STATUS_OK;
}

static NTSTATUS op_reply(struct dcesrv_call_state *call, TALLOC_CTX *mem, void *r)
{
    (void)mem;
    (void)r;
    return call->fault_code == 0 ? NT_STATUS_OK : NT_STATUS_NET_WRITE_FAULT;
}

static NTSTATUS op_push(struct dcesrv_call_state *call, TALLOC_CTX *mem, struct ndr_push *push,
                        const void *r)
{
    (void)mem;
    if (!NDR_ERR_CODE_IS_SUCCESS(push_reply(push, r))) {
        call->fault_code = DCERPC_FAULT_NDR;
        return NT_STATUS_NET_WRITE_FAULT;
    }
    return NT_STATUS_OK;
}

static const struct dcesrv_interface interface = {
    .name = "icertpassage",
    .syntax_id = {{0x91ae6020, 0x9e3c, 0x11cf, {0x8d, 0x7c}, {0x00, 0xaa, 0x00, 0xc0, 0x91, 0xbe}},
                  0},
    /* like IF_ENFORCEENCRYPTICERTREQUEST: nothing below packet privacy */
    .bind = dcesrv_interface_bind_require_privacy,
    .ndr_pull = op_pull,
    .dispatch = op_dispatch,
    .reply = op_reply,
    .ndr_push = op_push,
};

static NTSTATUS init_server(struct dcesrv_context *dce, const struct dcesrv_endpoint_server *ep)
{
    NTSTATUS status =
        dcesrv_interface_register(dce, "ncacn_np:[\\pipe\\cert]", NULL, &interface, NULL);

    (void)ep;
    if (!NT_STATUS_IS_OK(status))
        return status;
    return dcesrv_interface_register(dce, "ncacn_ip_tcp:", NULL, &interface, NULL);
}

static NTSTATUS shutdown_server(struct dcesrv_context *dce, const struct dcesrv_endpoint_server *ep)
{
    (void)dce;
    (void)ep;
    return NT_STATUS_OK;
}

static bool interface_by_uuid(struct dcesrv_interface *iface, const struct GUID *uuid,
                              uint32_t version)
{
    if (version != interface.syntax_id.if_version || !GUID_equal(uuid, &interface.syntax_id.uuid))
        return false;
    *iface = interface;
    return true;
}

static bool interface_by_name(struct dcesrv_interface *iface, const char *name)
{
    if (strcmp(name, interface.name) != 0)
        return false;
    *iface = interface;
    return true;
}

NTSTATUS samba_init_module(TALLOC_CTX *context); /* Samba has no header for it */

NTSTATUS samba_init_module(TALLOC_CTX *context)
{
    static const struct dcesrv_endpoint_server server = {
        .name = "icertpassage",
        .init_server = init_server,
        .shutdown_server = shutdown_server,
        .interface_by_uuid = interface_by_uuid,
        .interface_by_name = interface_by_name,
    };

    (void)context;
    return dcerpc_register_ep_server(&server);
}
