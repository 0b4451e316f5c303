/* stallmark/stallmark.hpp: trace.h for C++17. What has a beginning and an end is an object.
 *
 *     stallmark::Region region{SMK_SITE("load")};        // or SMK_REGION("load");
 *     stallmark::Request request{"GET /cart"};           // ends with the object; can be moved
 *     request.status(200);
 *     stallmark::Handoff handoff{request, SMK_SITE("pool")};
 *     queue.push([r = std::move(request), h = std::move(handoff)]() mutable {
 *         h.end();                                       // taken out of the queue
 *         stallmark::InRequest in{r};                    // this thread works for r
 *         …
 *     });
 *
 * Region, InRequest and Wait belong to one thread and its scopes, so they cannot be moved. Request,
 * RequestRegion and Handoff can: the one that was moved from ends nothing. Each ends at most once. Under
 * SMK_DISABLE they are there and do nothing.
 *
 * Since 0.1. SPDX-License-Identifier: MIT
 */
#ifndef STALLMARK_STALLMARK_HPP
#define STALLMARK_STALLMARK_HPP

#include <stallmark/trace.h>

namespace stallmark {

/* A region of this thread, from here to the end of the scope. */
class [[nodiscard]] Region {
  public:
    explicit Region(smk_site *site) noexcept : region_(begin(site)) {}
    ~Region() { smk_region_end(region_); }
    Region(const Region &) = delete;
    Region &operator=(const Region &) = delete;

  private:
    static smk_region begin(smk_site *site) noexcept
    {
#ifndef SMK_DISABLE
        return smk__region_begin(site);
#else
        (void)site;
        return smk__no_region();
#endif
    }
    smk_region region_;
};

/* A request. Ends with the object, on whichever thread that is. */
class [[nodiscard]] Request {
  public:
    Request() noexcept = default; /* none */
    explicit Request(const char *route) noexcept : request_(smk_request_begin(route)) {}
    Request(const char *route, const char *traceparent) noexcept
        : request_(smk_request_begin_traced(route, traceparent))
    {
    }
    ~Request() { end(); }
    Request(Request &&other) noexcept : request_(other.release()) {}
    Request &operator=(Request &&other) noexcept
    {
        if (this != &other) {
            end();
            request_ = other.release();
        }
        return *this;
    }
    Request(const Request &) = delete;
    Request &operator=(const Request &) = delete;

    void status(int status) const noexcept { smk_request_status(request_, status); }
    void end() noexcept { smk_request_end(release()); }
    /* The C value; the object still ends it. */
    smk_request get() const noexcept { return request_; }
    /* The same, and whoever has it ends it. */
    smk_request release() noexcept
    {
        smk_request request = request_;
        request_ = smk_request{};
        return request;
    }

  private:
    smk_request request_{};
};

/* This thread works for the request from here to the end of the scope. */
class [[nodiscard]] InRequest {
  public:
    explicit InRequest(smk_request request) noexcept
        : request_(request), previous_(smk_request_enter(request))
    {
    }
    explicit InRequest(const Request &request) noexcept : InRequest(request.get()) {}
    ~InRequest() { smk_request_leave(request_, previous_); }
    InRequest(const InRequest &) = delete;
    InRequest &operator=(const InRequest &) = delete;

  private:
    smk_request request_;
    uint64_t previous_;
};

/* A region of a request: may end in another callback or thread. */
class [[nodiscard]] RequestRegion {
  public:
    RequestRegion() noexcept = default; /* none */
    RequestRegion(smk_request request, smk_site *site) noexcept : region_(begin(request, site)) {}
    RequestRegion(const Request &request, smk_site *site) noexcept : RequestRegion(request.get(), site) {}
    ~RequestRegion() { end(); }
    RequestRegion(RequestRegion &&other) noexcept : region_(other.release()) {}
    RequestRegion &operator=(RequestRegion &&other) noexcept
    {
        if (this != &other) {
            end();
            region_ = other.release();
        }
        return *this;
    }
    RequestRegion(const RequestRegion &) = delete;
    RequestRegion &operator=(const RequestRegion &) = delete;

    void end() noexcept { smk_region_end_in(release()); }
    smk_request_region release() noexcept
    {
        smk_request_region region = region_;
        region_ = smk_request_region{};
        return region;
    }

  private:
    static smk_request_region begin(smk_request request, smk_site *site) noexcept
    {
#ifndef SMK_DISABLE
        return smk__region_begin_in(request, site);
#else
        (void)site;
        return smk__no_request_region(request);
#endif
    }
    smk_request_region region_{};
};

/* Something on its way to another thread, which calls end() where it takes it out. One that is thrown away
 * without that was never taken out, and is not recorded. */
class [[nodiscard]] Handoff {
  public:
    Handoff() noexcept = default; /* none */
    Handoff(smk_request request, smk_site *site) noexcept : handoff_(begin(request, site)) {}
    Handoff(const Request &request, smk_site *site) noexcept : Handoff(request.get(), site) {}
    Handoff(Handoff &&other) noexcept : handoff_(other.release()) {}
    Handoff &operator=(Handoff &&other) noexcept
    {
        if (this != &other)
            handoff_ = other.release();
        return *this;
    }
    Handoff(const Handoff &) = delete;
    Handoff &operator=(const Handoff &) = delete;

    void end() noexcept { smk_handoff_end(release()); }
    smk_handoff release() noexcept
    {
        smk_handoff handoff = handoff_;
        handoff_ = smk_handoff{};
        return handoff;
    }

  private:
    static smk_handoff begin(smk_request request, smk_site *site) noexcept
    {
#ifndef SMK_DISABLE
        return smk__handoff_begin(request, site);
#else
        (void)site;
        return smk__no_handoff(request);
#endif
    }
    smk_handoff handoff_{};
};

/* A wait of this thread that the library cannot see by itself, from here to the end of the scope. */
class [[nodiscard]] Wait {
  public:
    Wait(smk_waiting kind, smk_site *site, const void *object = nullptr) noexcept
        : wait_(begin(site, kind, object))
    {
    }
    ~Wait() { smk_wait_end(wait_); }
    Wait(const Wait &) = delete;
    Wait &operator=(const Wait &) = delete;

  private:
    static smk_wait begin(smk_site *site, smk_waiting kind, const void *object) noexcept
    {
#ifndef SMK_DISABLE
        return smk__wait_begin(site, kind, object);
#else
        (void)site;
        return smk__no_wait(kind, object);
#endif
    }
    smk_wait wait_;
};

} // namespace stallmark

#endif
