/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "ca_client.h"

#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/un.h>
#include <unistd.h>

#define TIMEOUT_SECONDS 60

FILE *ca_connect(const char *socket_path)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    struct timeval timeout = {.tv_sec = TIMEOUT_SECONDS};
    FILE *stream = NULL;
    int fd;

    if (strlen(socket_path) >= sizeof(address.sun_path))
        return NULL;
    memcpy(address.sun_path, socket_path, strlen(socket_path) + 1);
    fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (fd < 0)
        return NULL;
    if (setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &timeout, sizeof(timeout)) == 0 &&
        connect(fd, (struct sockaddr *)&address, sizeof(address)) == 0)
        stream = fdopen(fd, "r+");
    if (stream == NULL)
        close(fd);
    return stream;
}

void ca_send(FILE *ca, const char *name, const void *value, size_t length)
{
    const uint8_t *byte = value;

    fprintf(ca, "%s=", name);
    for (size_t i = 0; i < length; i++)
        fprintf(ca, "%02x", byte[i]);
    fputc('\n', ca);
}

void ca_send_text(FILE *ca, const char *name, const char *text)
{
    ca_send(ca, name, text, strlen(text));
}

void ca_send_number(FILE *ca, const char *name, uint32_t number)
{
    char text[16];

    snprintf(text, sizeof(text), "%u", (unsigned int)number);
    ca_send_text(ca, name, text);
}

static bool take_line(char *line, ca_field_fn *take, void *context)
{
    char *hex = strchr(line, '=');
    uint8_t *value;
    size_t length;
    bool valid;

    if (hex == NULL || strlen(hex + 1) % 2 != 0)
        return false;
    *hex++ = '\0';
    length = strlen(hex) / 2;
    value = calloc(length + 1, 1);
    valid = value != NULL;
    for (size_t i = 0; valid && i < length; i++)
        valid = sscanf(hex + 2 * i, "%2hhx", &value[i]) == 1;
    valid = valid && take(context, line, value, length);
    free(value);
    return valid;
}

bool ca_finish(FILE *ca, ca_field_fn *take, void *context)
{
    char *line = NULL;
    size_t size = 0;
    bool valid, complete = false;

    fputc('\n', ca);
    valid = fflush(ca) == 0;
    while (valid && !complete) {
        ssize_t length = getline(&line, &size, ca);

        valid = length > 0 && line[length - 1] == '\n';
        if (!valid)
            break;
        line[length - 1] = '\0';
        complete = length == 1;
        if (!complete)
            valid = take_line(line, take, context);
    }
    free(line);
    return valid && complete;
}
