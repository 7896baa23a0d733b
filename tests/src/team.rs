//! People on a real server: the first one, who sets it up, and those who come after.

use std::net::Ipv4Addr;
use std::sync::atomic::{AtomicU32, Ordering};

use anyhow::{Context as _, Result, ensure};
use bytes::Bytes;
use hyper::header::{CONTENT_TYPE, COOKIE, HeaderValue};
use hyper::{HeaderMap, Method, StatusCode};
use serde_json::{Value, json};

use crate::http::{Answer, ask_from};
use crate::server::Server;

/// Every person's password. Nobody guesses it, and it says nothing about them.
pub const PASSWORD: &str = "seven blue kettles hum";

/// Somebody who is signed in, in one browser.
#[derive(Debug, Clone)]
pub struct Person {
    authority: String,
    /// Everybody comes from an address of their own, as people do: what is limited by address is so for each of them.
    from: Ipv4Addr,
    /// What their browser shows, as a `Cookie` header has it.
    pub cookie: String,
    /// Their id.
    pub id: String,
    /// Their e-mail address.
    pub email: String,
}

impl Person {
    /// Sets a server up that has no owner yet.
    ///
    /// # Errors
    /// If it does not let them.
    pub async fn set_up(server: &Server) -> Result<Self> {
        let token = server.set_up_token()?;
        let body =
            json!({ "token": token, "name": "Olga", "email": "olga@example.com", "password": PASSWORD });
        Self::comes(server.authority(), "/api/setup", &body).await
    }

    /// Signs in.
    ///
    /// # Errors
    /// If the server does not let them.
    pub async fn sign_in(authority: &str, email: &str, password: &str) -> Result<Self> {
        Self::comes(authority, "/api/sign-in", &json!({ "email": email, "password": password })).await
    }

    /// Signs in once more, in another browser.
    ///
    /// # Errors
    /// If the server does not let them.
    pub async fn signs_in_again(&self) -> Result<Self> {
        Self::sign_in(&self.authority, &self.email, PASSWORD).await
    }

    /// Adds somebody, who signs in.
    ///
    /// # Errors
    /// If one of both is refused.
    pub async fn adds(&self, name: &str, role: &str) -> Result<Self> {
        let email = format!("{}@example.com", name.to_lowercase());
        let body = json!({ "name": name, "email": email, "role": role, "password": PASSWORD });
        self.does(Method::POST, "/api/people", &body).await?;
        Self::sign_in(&self.authority, &email, PASSWORD).await
    }

    async fn comes(authority: &str, path: &str, body: &Value) -> Result<Self> {
        static CAME: AtomicU32 = AtomicU32::new(1);
        let from = Ipv4Addr::from_bits(Ipv4Addr::LOCALHOST.to_bits() + CAME.fetch_add(1, Ordering::Relaxed));
        let (fields, bytes) = (json_fields(None), body.to_string().into());
        let answer = ask_from(from, authority, Method::POST, path, fields, bytes).await?;
        ensure!(answer.status.is_success(), "{path}: {} {}", answer.status, answer.text());
        let cookie = answer.headers.get("set-cookie").context("a cookie")?.to_str()?;
        let me: Value = serde_json::from_slice(&answer.body)?;
        let text = |field: &str| {
            me[field].as_str().map(str::to_owned).with_context(|| format!("no {field} in {me}"))
        };
        Ok(Self {
            authority: authority.to_owned(),
            from,
            cookie: cookie.split(';').next().unwrap_or_default().to_owned(),
            id: text("id")?,
            email: text("email")?,
        })
    }

    /// Asks the server for something, whatever it answers.
    ///
    /// # Errors
    /// If there is no answer.
    pub async fn asks(&self, method: Method, path: &str, body: &Value) -> Result<Answer> {
        let body = if body.is_null() { Bytes::new() } else { body.to_string().into() };
        ask_from(self.from, &self.authority, method, path, json_fields(Some(&self.cookie)), body).await
    }

    /// Sends bytes that are taken.
    ///
    /// # Errors
    /// If they are refused.
    pub async fn sends(&self, path: &str, bytes: Bytes) -> Result<()> {
        let mut fields = json_fields(Some(&self.cookie));
        fields.insert(CONTENT_TYPE, HeaderValue::from_static("application/octet-stream"));
        let answer = ask_from(self.from, &self.authority, Method::POST, path, fields, bytes).await?;
        ensure!(answer.status.is_success(), "{path}: {} {}", answer.status, answer.text());
        Ok(())
    }

    /// Does something that is allowed; the answer's JSON, or null if it has none.
    ///
    /// # Errors
    /// If it is refused.
    pub async fn does(&self, method: Method, path: &str, body: &Value) -> Result<Value> {
        let answer = self.asks(method.clone(), path, body).await?;
        ensure!(answer.status.is_success(), "{method} {path}: {} {}", answer.status, answer.text());
        if answer.status == StatusCode::NO_CONTENT {
            return Ok(Value::Null);
        }
        Ok(serde_json::from_slice(&answer.body)?)
    }

    /// Makes something and answers its id.
    ///
    /// # Errors
    /// If it is refused.
    pub async fn makes(&self, path: &str, body: &Value) -> Result<String> {
        let made = self.does(Method::POST, path, body).await?;
        made["id"].as_str().map(str::to_owned).with_context(|| format!("no id in {made}"))
    }
}

fn json_fields(cookie: Option<&str>) -> HeaderMap {
    let cookie = cookie.and_then(|cookie| cookie.parse().ok()).map(|cookie| (COOKIE, cookie));
    let json = (CONTENT_TYPE, HeaderValue::from_static("application/json"));
    HeaderMap::from_iter(cookie.into_iter().chain([json]))
}
