/* --wait: asking for what is pending, until it is decided or the time is over. */
#include "base/mem.h"
#include "flow/flow_internal.h"

#include <errno.h>
#include <poll.h>
#include <time.h>

/* Between two questions: as long as a person would wait at first, and never so often that a CA
 * minds. */
#define PAUSE_FIRST_MS 1000U
#define PAUSE_MAX_MS   30000U

/* How long a signal that came just before poll(2) may go unseen. */
#define SIGNAL_MS 500

bool cs_flow_is_waited_for(const struct cs_flow *flow, const struct cs_result *result)
{
    return flow->wait && !result->left_alone && result->request &&
           result->request->state == CS_STATE_PENDING && result->request->plan->ca;
}

static size_t count_pending(const struct cs_flow *flow, const struct cs_result *results,
                            size_t count)
{
    size_t pending = 0;

    for (size_t i = 0; i < count; i++) {
        pending += cs_flow_is_waited_for(flow, &results[i]);
    }
    return pending;
}

static uint64_t now_ms(void)
{
    struct timespec now = {0};

    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000;
}

/* Ends early at a signal. */
static void pause_for(const struct cs_flow *flow, unsigned ms)
{
    if (flow->pause) {
        flow->pause(ms);
        return;
    }
    const uint64_t until = now_ms() + ms;
    for (uint64_t now = now_ms(); now < until && cs_flow_check_signal(flow, NULL) == CS_OK;
         now = now_ms()) {
        (void)poll(NULL, 0, until - now < SIGNAL_MS ? (int)(until - now) : SIGNAL_MS);
    }
}

static void wait_once(const struct cs_flow *flow, size_t pending, unsigned ms, uint64_t left_ms)
{
    cs_autofree char *text =
        cs_asprintf("waiting for the CA to decide on %zu request%s, %u s left", pending,
                    pending == 1 ? "" : "s", (unsigned)((left_ms + 999) / 1000));

    flow->ui->ops->begin(flow->ui, text);
    pause_for(flow, ms);
    flow->ui->ops->end(flow->ui);
}

static void poll_all(const struct cs_flow *flow, struct cs_result *results, size_t count,
                     const struct cs_result_sink *sink, struct cs_flow_token *token)
{
    for (size_t i = 0; i < count; i++) {
        if (!cs_flow_is_waited_for(flow, &results[i]) ||
            cs_flow_check_signal(flow, NULL) != CS_OK) {
            continue;
        }
        cs_flow_retrieve_one(flow, &results[i], NULL, token);
        if (sink && !cs_flow_is_waited_for(flow, &results[i])) {
            sink->put(sink->ctx, &results[i]);
            cs_result_done(&results[i]);
        }
    }
}

void cs_flow_wait(const struct cs_flow *flow, struct cs_result *results, size_t count,
                  const struct cs_result_sink *sink, struct cs_flow_token *token)
{
    const uint64_t limit = (uint64_t)flow->wait * 1000;
    const uint64_t begun = now_ms();
    uint64_t paused = 0;
    unsigned step = PAUSE_FIRST_MS;

    for (;;) {
        size_t pending = count_pending(flow, results, count);
        uint64_t passed = flow->pause ? paused : now_ms() - begun;
        if (!pending || passed >= limit || cs_flow_check_signal(flow, NULL) != CS_OK) {
            return;
        }
        unsigned ms = limit - passed < step ? (unsigned)(limit - passed) : step;
        wait_once(flow, pending, ms, limit - passed);
        paused += ms;
        step = step < PAUSE_MAX_MS / 2 ? step * 2 : PAUSE_MAX_MS;
        poll_all(flow, results, count, sink, token);
    }
}
