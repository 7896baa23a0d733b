//! `GET /live`: the process answers.

/// Always 200: whoever gets no answer restarts the process.
#[utoipa::path(get, path = "/live", tag = "health", responses((status = 200, description = "The process is alive.")))]
pub(crate) async fn live() -> &'static str {
    "alive\n"
}
