//! `server/openapi.json`: the HTTP interface, described from the handlers' own annotations.

use utoipa::openapi::path::{Operation, Parameter, ParameterIn};
use utoipa::openapi::{ContentBuilder, PathItem, Ref, RefOr, ResponseBuilder};
use utoipa::{Modify, OpenApi};

use super::{
    apps, audit, desk, docs, groups, history, home, invitations, live, me, metrics, pages, passkeys, people,
    providers, ready, resets, server, shares, sign_in, spaces,
};

#[derive(Debug, OpenApi)]
#[openapi(
    info(
        title = "Weft",
        description = "Documents over HTTP. Sockets are described in server/docs/protocols.md.",
        license(name = "MIT", identifier = "MIT")
    ),
    modifiers(&Everywhere),
    paths(
        docs::list,
        docs::state,
        docs::text,
        docs::update,
        history::timeline,
        history::density,
        history::at,
        history::diff,
        history::blame,
        history::list,
        history::name,
        history::one,
        history::rename,
        history::unname,
        history::restore,
        history::copy,
        server::server,
        server::may_set_up,
        server::set_up,
        sign_in::sign_in,
        sign_in::sign_out,
        providers::begin,
        providers::finish,
        passkeys::ask,
        passkeys::sign_in,
        resets::ask,
        resets::one,
        resets::spend,
        me::me,
        me::change,
        me::set_picture,
        me::remove_picture,
        me::set_password,
        me::sign_ins::list,
        me::sign_ins::end,
        me::sign_ins::end_others,
        me::totp::offer,
        me::totp::confirm,
        me::totp::remove,
        passkeys::list,
        passkeys::offer,
        passkeys::add,
        passkeys::remove,
        me::tokens::list,
        me::tokens::make,
        me::tokens::revoke,
        people::list,
        people::add,
        people::change,
        people::reset,
        people::remove,
        people::picture,
        invitations::list,
        invitations::make,
        invitations::revoke,
        invitations::one,
        invitations::accept,
        groups::list,
        groups::make,
        groups::change,
        groups::remove,
        apps::list,
        apps::make,
        apps::change,
        apps::remove,
        apps::add_key,
        apps::remove_key,
        apps::token,
        audit::audit,
        spaces::list,
        spaces::list_all,
        spaces::make,
        spaces::one,
        spaces::change,
        spaces::remove,
        spaces::grant,
        spaces::ungrant,
        spaces::take_over,
        spaces::pages,
        spaces::trash,
        pages::make,
        pages::one,
        pages::change,
        pages::move_to,
        pages::duplicate,
        pages::trash,
        pages::restore,
        pages::destroy,
        pages::access,
        home::home,
        home::find,
        desk::add_favourite,
        desk::remove_favourite,
        desk::watch,
        desk::unwatch,
        desk::visit,
        desk::notices,
        desk::read,
        shares::list,
        shares::make,
        shares::change,
        shares::renew,
        shares::end,
        shares::shared,
        shares::unlock,
        live::live,
        ready::ready,
        metrics::metrics
    )
)]
struct Interface;

/// What many operations answer for the same reasons, added where they do not say it themselves.
struct Everywhere;

const SIGN_IN: (&str, &str) = ("401", "Nobody is signed in who might be allowed to.");
const FORBIDDEN: (&str, &str) =
    ("403", "Whoever asks may not, a key does not reach so far, or a page of another origin asks.");
const UNSEEN: (&str, &str) = ("404", "There is none, or whoever asks may not see it.");
const TOO_LARGE: (&str, &str) = ("413", "The body is too large.");
const NOT_JSON: (&str, &str) = ("415", "The body is not called JSON.");
const INVALID: (&str, &str) = ("422", "What was sent cannot be read, or cannot be so.");
const TOO_OFTEN: (&str, &str) = ("429", "Too much was asked in a short time.");

impl Modify for Everywhere {
    fn modify(&self, openapi: &mut utoipa::openapi::OpenApi) {
        for (path, item) in &mut openapi.paths.paths {
            if !path.starts_with("/api/") {
                continue;
            }
            let of_document = path.starts_with("/api/docs/{name}");
            let PathItem { get, put, post, patch, delete, .. } = item;
            for operation in [get, put, post, patch, delete].into_iter().flatten() {
                says(operation, FORBIDDEN);
                says(operation, TOO_OFTEN);
                if of_document {
                    says(operation, SIGN_IN);
                    says(operation, UNSEEN);
                }
                let json = match &operation.request_body {
                    Some(RefOr::T(body)) => body.content.contains_key("application/json"),
                    Some(RefOr::Ref(_)) | None => false,
                };
                let asks = |part: &Parameter| part.parameter_in == ParameterIn::Query;
                let parts = operation.parameters.iter().flatten();
                let query = parts.into_iter().any(|part| matches!(part, RefOr::T(part) if asks(part)));
                if json && !of_document {
                    says(operation, NOT_JSON);
                }
                if json {
                    says(operation, TOO_LARGE);
                }
                if json || query {
                    says(operation, INVALID);
                }
            }
        }
    }
}

fn says(operation: &mut Operation, (status, why): (&str, &str)) {
    let body = ContentBuilder::new().schema(Some(Ref::from_schema_name("ErrorBody"))).build();
    let response = ResponseBuilder::new().description(why).content("application/json", body).build();
    operation.responses.responses.entry(status.to_owned()).or_insert(RefOr::T(response));
}

/// The committed file's text.
pub(crate) fn json() -> String {
    let mut text = Interface::openapi().to_pretty_json().unwrap_or_default();
    text.push('\n');
    text
}

#[cfg(test)]
mod tests {
    #[test]
    fn the_committed_description_is_what_the_handlers_say() {
        crate::generated::check("openapi.json", &super::json());
    }
}
