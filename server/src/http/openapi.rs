//! `server/openapi.json`: the HTTP interface, described from the handlers' own annotations.

use utoipa::OpenApi;

use super::{
    apps, audit, desk, docs, groups, history, home, invitations, live, me, metrics, pages, passkeys, people,
    ready, resets, server, shares, sign_in, spaces,
};

#[derive(Debug, OpenApi)]
#[openapi(
    info(
        title = "Weft",
        description = "Documents over HTTP. Sockets are described in server/docs/protocols.md.",
        license(name = "MIT", identifier = "MIT")
    ),
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
