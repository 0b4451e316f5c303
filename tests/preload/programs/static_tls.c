/* static_tls: a library whose thread-local variable is of the initial-exec kind, TLS_BYTES long. */
#define KIND __attribute__((tls_model("initial-exec"), visibility("default")))

extern KIND __thread char much[TLS_BYTES];
KIND __thread char much[TLS_BYTES];
