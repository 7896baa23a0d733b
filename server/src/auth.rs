//! Who somebody is: the parts of signing in. They know nothing of the wiki's records or of HTTP routes; whoever calls
//! them keeps what they give back.

pub(crate) mod app_token;
pub(crate) mod cookie;
pub(crate) mod mail;
pub(crate) mod oidc;
pub(crate) mod passkey;
pub(crate) mod password;
pub(crate) mod rate;
pub(crate) mod seal;
pub(crate) mod secret;
pub(crate) mod totp;
