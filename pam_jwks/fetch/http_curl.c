/*
 * One GET over https: see http_curl.h.
 */
#include "fetch/http_curl.h"

#include <curl/curl.h>
#include <time.h>

#include "config.h"

struct pj_http {
	CURL				*curl;
	const struct pj_http_settings	*settings;
	int64_t				 cert_expires;	/* last seen */
	char				 words[CURL_ERROR_SIZE];
};

/* One transfer, as the callbacks see it. */
struct transfer {
	struct pj_http_response	*response;
	size_t			 header_bytes;
	size_t			 header_lines;
	const char		*refusal;	/* why a callback ended it */
	bool			 no_memory;
};

PJ_DEFINE_CLEANUP(struct curl_slist *, cleanup_slist, curl_slist_free_all)

static size_t
on_header(char *bytes, size_t one, size_t len, void *ctx)
{
	struct transfer *transfer = ctx;

	(void)one;
	transfer->header_bytes += len;
	transfer->header_lines++;
	if (transfer->header_bytes > PJ_HEADERS_BYTES_MAX ||
	    transfer->header_lines > PJ_HEADERS_MAX) {
		transfer->refusal = "the answer's header is too long";
		return 0;
	}
	pj_http_header_line(&transfer->response->headers, pj_span(bytes, len));
	return len;
}

/* Gets decoded bytes, so that a small answer cannot become a large one. */
static size_t
on_body(char *bytes, size_t one, size_t len, void *ctx)
{
	struct transfer *transfer = ctx;
	enum pj_status status;

	(void)one;
	status = pj_buf_append(&transfer->response->body, pj_span(bytes, len));
	if (status == PJ_OK)
		return len;
	transfer->no_memory = status == PJ_NO_MEMORY;
	transfer->refusal = "the answer's body is too long";
	return 0;
}

#define SET(option, value)						\
	do {								\
		if (curl_easy_setopt(curl, (option), (value)) != CURLE_OK) \
			return false;					\
	} while (0)

/* What goes for TLS, towards the provider and towards a https proxy. */
static bool
set_tls(CURL *curl, const struct pj_http_settings *settings)
{
	struct curl_blob blob = { .flags = CURL_BLOB_NOCOPY };

	SET(CURLOPT_SSLVERSION, (long)CURL_SSLVERSION_TLSv1_2);
	SET(CURLOPT_SSL_VERIFYPEER, 1L);
	SET(CURLOPT_SSL_VERIFYHOST, 2L);
	SET(CURLOPT_PROXY_SSLVERSION, (long)CURL_SSLVERSION_TLSv1_2);
	SET(CURLOPT_PROXY_SSL_VERIFYPEER, 1L);
	SET(CURLOPT_PROXY_SSL_VERIFYHOST, 2L);
	SET(CURLOPT_CERTINFO, 1L);
	if (settings->ca.len == 0)
		return true;
	blob.data = (void *)(uintptr_t)settings->ca.ptr;
	blob.len = settings->ca.len;
	/* The built-in folder and file would be asked as well. */
	SET(CURLOPT_CAINFO, (char *)NULL);
	SET(CURLOPT_CAPATH, (char *)NULL);
	SET(CURLOPT_PROXY_CAINFO, (char *)NULL);
	SET(CURLOPT_PROXY_CAPATH, (char *)NULL);
	SET(CURLOPT_CAINFO_BLOB, &blob);
	SET(CURLOPT_PROXY_CAINFO_BLOB, &blob);
	return true;
}

/* Where the connection goes. */
static bool
set_way(CURL *curl, const struct pj_http_settings *settings)
{
	static const long families[] = {
		[PJ_IP_ANY] = CURL_IPRESOLVE_WHATEVER,
		[PJ_IP_V4] = CURL_IPRESOLVE_V4,
		[PJ_IP_V6] = CURL_IPRESOLVE_V6,
	};

	SET(CURLOPT_PROTOCOLS_STR, "https");
	SET(CURLOPT_REDIR_PROTOCOLS_STR, "https");
	SET(CURLOPT_FOLLOWLOCATION, 0L);
	/* Empty strings: the environment's variables do not count. */
	SET(CURLOPT_PROXY, settings->proxy != NULL ? settings->proxy : "");
	SET(CURLOPT_NOPROXY, "");
	SET(CURLOPT_SUPPRESS_CONNECT_HEADERS, 1L);
	SET(CURLOPT_NETRC, (long)CURL_NETRC_IGNORED);
	SET(CURLOPT_IPRESOLVE, families[settings->ip_resolve]);
	return true;
}

static bool
set_limits(CURL *curl, const struct pj_http_settings *settings,
    const struct pj_http_request *request)
{
	int64_t total = settings->request_ms;

	if (total > request->limit_ms)
		total = request->limit_ms;
	SET(CURLOPT_CONNECTTIMEOUT_MS, (long)settings->connect_ms);
	/* 0 would mean no limit at all. */
	SET(CURLOPT_TIMEOUT_MS, (long)(total > 0 ? total : 1));
	SET(CURLOPT_NOSIGNAL, 1L);
#if LIBCURL_VERSION_NUM >= 0x075700
	/* A resolver that hangs is left behind; the worker ends anyway. */
	SET(CURLOPT_QUICK_EXIT, 1L);
#endif
	return true;
}

static bool
set_all(struct pj_http *http, const struct pj_http_request *request,
    struct curl_slist *lines, struct transfer *transfer)
{
	CURL *curl = http->curl;

	curl_easy_reset(curl);
	SET(CURLOPT_ERRORBUFFER, http->words);
	SET(CURLOPT_URL, request->url);
	SET(CURLOPT_HTTPGET, 1L);
	SET(CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_1_1);
	SET(CURLOPT_USERAGENT, "pam_jwks/" PACKAGE_VERSION);
	SET(CURLOPT_ACCEPT_ENCODING, "gzip");
	SET(CURLOPT_HTTPHEADER, lines);
	SET(CURLOPT_HEADERFUNCTION, on_header);
	SET(CURLOPT_HEADERDATA, transfer);
	SET(CURLOPT_WRITEFUNCTION, on_body);
	SET(CURLOPT_WRITEDATA, transfer);
	return set_tls(curl, http->settings) && set_way(curl, http->settings) &&
	    set_limits(curl, http->settings, request);
}

/* Adds "name: value"; false without memory. */
static bool
add_line(struct curl_slist **lines, const char *name, struct pj_span value)
{
	PJ_BUF_SCOPED(line, 2 * PJ_VALIDATOR_MAX);
	struct curl_slist *longer;

	if (pj_buf_printf(&line, "%s: %.*s", name, PJ_SPAN_ARG(value)) !=
	    PJ_OK || pj_buf_append(&line, pj_span("", 1)) != PJ_OK)
		return false;
	longer = curl_slist_append(*lines, (const char *)line.ptr);
	if (longer == NULL)
		return false;
	*lines = longer;
	return true;
}

static bool
add_lines(struct curl_slist **lines, const struct pj_http_request *request)
{
	if (!add_line(lines, "Accept", pj_span_str("application/json")))
		return false;
	if (request->no_cache &&
	    !add_line(lines, "Cache-Control", pj_span_str("no-cache")))
		return false;
	if (request->etag.len > 0 &&
	    !add_line(lines, "If-None-Match", request->etag))
		return false;
	return request->last_modified.len == 0 ||
	    add_line(lines, "If-Modified-Since", request->last_modified);
}

/* When a certificate ends, from the lines that describe it; 0: unknown. */
static int64_t
read_end(const struct curl_slist *line)
{
	static const char name[] = "Expire date:";

	while (line != NULL && strncmp(line->data, name, strlen(name)) != 0)
		line = line->next;
	return line == NULL ? 0 : pj_http_cert_date(line->data + strlen(name));
}

/*
 * The first end in the chain that the server sent.  What has ended before is
 * not what the chain was verified by: servers send such for old clients.
 */
static void
read_certificates(struct pj_http *http)
{
	struct curl_certinfo *info = NULL;
	int64_t now = (int64_t)time(NULL), first = 0;

	if (curl_easy_getinfo(http->curl, CURLINFO_CERTINFO, &info) !=
	    CURLE_OK || info == NULL)
		return;
	for (int i = 0; i < info->num_of_certs; i++) {
		int64_t end = read_end(info->certinfo[i]);

		if (end > now && (first == 0 || end < first))
			first = end;
	}
	if (first != 0)
		http->cert_expires = first;
}

/* Says why a transfer failed, in words for an administrator. */
static enum pj_status
explain(const struct pj_http *http, const struct pj_http_request *request,
    const struct transfer *transfer, CURLcode code, struct pj_error *err)
{
	const char *words = http->words[0] != '\0' ? http->words :
	    curl_easy_strerror(code);

	if (transfer->no_memory)
		return pj_fail(err, PJ_NO_MEMORY, "GET %s", request->url);
	/* Older versions say this of a header line over 100 KiB. */
	if (code == CURLE_OUT_OF_MEMORY)
		return pj_fail(err, PJ_NO_MEMORY,
		    "GET %s: a header line is too long, or there is no memory",
		    request->url);
	if (transfer->refusal != NULL)
		return pj_fail(err, PJ_FETCH_FAILED, "GET %s: %s",
		    request->url, transfer->refusal);
	if (code == CURLE_OPERATION_TIMEDOUT)
		return pj_fail(err, PJ_FETCH_TIMEOUT, "GET %s: %s",
		    request->url, words);
	if (code == CURLE_PEER_FAILED_VERIFICATION)
		return pj_fail(err, PJ_FETCH_FAILED,
		    "GET %s: certificate verify failed: %s", request->url,
		    words);
	if (code == CURLE_SSL_CACERT_BADFILE)
		return pj_fail(err, PJ_FETCH_FAILED,
		    "GET %s: ca_file holds no usable certificate: %s",
		    request->url, words);
	if (code == CURLE_SSL_CONNECT_ERROR)
		return pj_fail(err, PJ_FETCH_FAILED, "GET %s: TLS: %s",
		    request->url, words);
	return pj_fail(err, PJ_FETCH_FAILED, "GET %s: %s", request->url,
	    words);
}

enum pj_status
pj_http_open(const struct pj_http_settings *settings, struct pj_http **http,
    struct pj_error *err)
{
	struct pj_http *fresh;

	if (curl_global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK)
		return pj_fail(err, PJ_INTERNAL_ERROR, "libcurl");
	fresh = calloc(1, sizeof(*fresh));
	if (fresh == NULL)
		return pj_fail(err, PJ_NO_MEMORY, "libcurl");
	fresh->settings = settings;
	fresh->curl = curl_easy_init();
	if (fresh->curl == NULL) {
		free(fresh);
		return pj_fail(err, PJ_NO_MEMORY, "libcurl");
	}
	*http = fresh;
	return PJ_OK;
}

void
pj_http_ca_paths(const char **file, const char **folder)
{
	const curl_version_info_data *info =
	    curl_version_info(CURLVERSION_NOW);

	*file = info->cainfo;
	*folder = info->capath;
}

enum pj_status
pj_http_get(struct pj_http *http, const struct pj_http_request *request,
    struct pj_http_response *response, struct pj_error *err)
{
	PJ_CLEANUP(cleanup_slist) struct curl_slist *lines = NULL;
	struct transfer transfer = { .response = response };
	CURLcode code;

	if (!add_lines(&lines, request))
		return pj_fail(err, PJ_NO_MEMORY, "GET %s", request->url);
	http->words[0] = '\0';
	if (!set_all(http, request, lines, &transfer))
		return pj_fail(err, PJ_INTERNAL_ERROR,
		    "GET %s: libcurl refuses an option", request->url);
	code = curl_easy_perform(http->curl);
	if (code == CURLE_OK)
		code = curl_easy_getinfo(http->curl, CURLINFO_RESPONSE_CODE,
		    &response->status);
	if (code != CURLE_OK)
		return explain(http, request, &transfer, code, err);
	read_certificates(http);
	response->cert_expires = http->cert_expires;
	return PJ_OK;
}
