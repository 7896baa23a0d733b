//! What the description of the interface says is tried at random: legal requests, and such as nobody should send.
//!
//! Nothing may be the server's fault, every status is one that is described for its operation, and every answer's JSON
//! is as its description has it.

mod described;

use rand::rngs::StdRng;
use rand::{RngExt as _, SeedableRng as _};
use serde_json::{Map, Value, json};

use self::described::{Described, Operation, Part};
use super::matrix::actor::Actor;
use super::matrix::town::{PNG, Sent, Town};
use super::*;

/// Requests of one seed.
const REQUESTS: usize = 3_000;
/// Requests to one server; by then much of it is gone.
const REQUESTS_PER_TOWN: usize = 150;
/// The most faults that are told of.
const TOLD_MAX: usize = 30;

const ASKING: [Actor; 8] = [
    Actor::Owner,
    Actor::Owner,
    Actor::Admin,
    Actor::Member,
    Actor::Guest,
    Actor::OwnersWriteKey,
    Actor::EditLink,
    Actor::Nobody,
];

/// Words that mean something somewhere.
const WORDS: [&str; 24] = [
    "view",
    "edit",
    "manage",
    "comment",
    "owner",
    "admin",
    "member",
    "guest",
    "read",
    "write",
    "auto",
    "dark",
    "json",
    "csv",
    "signedIn",
    "time",
    "seq",
    "en",
    "zh-CN",
    "Europe/Berlin",
    "#3366cc",
    "🦊",
    "four words that fit nowhere",
    "new@example.com",
];

/// Texts that nobody should send.
const ODD: [&str; 16] = [
    "",
    " ",
    "\u{0}",
    "a\u{202e}b",
    "\u{feff}",
    "../../etc/passwd",
    "%",
    "%2f",
    "<script>",
    "' or 1=1 --",
    "null",
    "-1",
    "1e999",
    "\u{10ffff}",
    "x@",
    "weft_",
];

struct Guess<'a> {
    dice: StdRng,
    described: &'a Described,
    /// Ids and secrets of what there is.
    known: Vec<String>,
}

impl Guess<'_> {
    fn chance(&mut self, percent: u32) -> bool {
        self.dice.random_range(0..100) < percent
    }

    fn one_of<'b, T: ?Sized>(&mut self, of: &[&'b T]) -> &'b T {
        of[self.dice.random_range(0..of.len())]
    }

    fn id(&mut self) -> String {
        let at = self.dice.random_range(0..self.known.len());
        self.known[at].clone()
    }

    fn text(&mut self) -> String {
        match self.dice.random_range(0..20) {
            0..9 => self.id(),
            9..15 => self.one_of(&WORDS).to_owned(),
            15..18 => self.one_of(&ODD).to_owned(),
            18 => "x".repeat(self.dice.random_range(60..3_000)),
            _ => {
                let length = self.dice.random_range(1..20);
                (0..length).map(|_| self.dice.random::<char>()).collect()
            }
        }
    }

    fn number(&mut self) -> Value {
        match self.dice.random_range(0..10) {
            0..5 => json!(self.dice.random_range(0..4)),
            5 => json!(4_000_000_000_000_u64),
            6 => json!(u64::MAX),
            7 => json!(-1),
            8 => json!(0.5),
            _ => json!(self.dice.random::<u32>()),
        }
    }

    /// Anything at all.
    fn anything(&mut self, depth: usize) -> Value {
        match self.dice.random_range(0..if depth == 0 { 5 } else { 7 }) {
            0 => Value::Null,
            1 => json!(self.chance(50)),
            2 => self.number(),
            3 | 4 => json!(self.text()),
            5 => (0..self.dice.random_range(0..4)).map(|_| self.anything(depth - 1)).collect(),
            _ => {
                let count = self.dice.random_range(0..4);
                (0..count).map(|_| (self.text(), self.anything(depth - 1))).collect::<Map<_, _>>().into()
            }
        }
    }

    /// Something as a schema has it, or nearly so.
    fn value(&mut self, schema: &Value) -> Value {
        let described = self.described;
        let schema = described.resolved(schema);
        if self.chance(3) {
            return self.anything(3);
        }
        if let Some(words) = schema["enum"].as_array() {
            return words[self.dice.random_range(0..words.len())].clone();
        }
        if let Some(ways) = schema["oneOf"].as_array() {
            let way = self.dice.random_range(0..ways.len());
            return self.value(&ways[way]);
        }
        let kinds = described::kinds(schema);
        match kinds[self.dice.random_range(0..kinds.len())] {
            "object" => self.object(schema),
            "array" => (0..self.dice.random_range(0..3)).map(|_| self.value(&schema["items"])).collect(),
            "string" => json!(self.text()),
            "integer" | "number" => self.number(),
            "boolean" => json!(self.chance(50)),
            _ => Value::Null,
        }
    }

    fn object(&mut self, schema: &Value) -> Value {
        let required: Vec<&str> =
            schema["required"].as_array().into_iter().flatten().filter_map(Value::as_str).collect();
        let mut object = Map::new();
        for (name, part) in schema["properties"].as_object().into_iter().flatten() {
            let wanted = if required.contains(&name.as_str()) { 97 } else { 35 };
            if self.chance(wanted) {
                object.insert(name.clone(), self.value(part));
            }
        }
        if self.chance(3) {
            object.insert(self.text(), self.anything(2));
        }
        object.into()
    }

    fn body(&mut self, operation: &Operation) -> Sent {
        let Some(body) = &operation.body else {
            return if self.chance(10) { Sent::Json(self.anything(2)) } else { Sent::Nothing };
        };
        match self.dice.random_range(0..100) {
            0..3 => Sent::Nothing,
            3..5 => Sent::Bytes(self.text().into_bytes()),
            5..7 => Sent::Json(self.anything(3)),
            _ if body.kind == "application/json" => Sent::Json(self.value(&body.schema)),
            7..40 => Sent::Bytes(PNG.to_vec()),
            40..80 => Sent::Bytes(update(0)),
            _ => Sent::Bytes((0..self.dice.random_range(0..200)).map(|_| self.dice.random()).collect()),
        }
    }

    fn part(&mut self, part: &Part) -> String {
        let value = match part.name.as_str() {
            "name" => json!(format!("page/{}", self.id())),
            "seq" => json!(self.dice.random_range(0..3)),
            _ => self.value(&part.schema),
        };
        let text = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
        percent_encoding::utf8_percent_encode(&text, percent_encoding::NON_ALPHANUMERIC).to_string()
    }

    fn path(&mut self, operation: &Operation) -> String {
        let mut path = operation.path.clone();
        let mut query = Vec::new();
        for part in &operation.parts {
            match part.place.as_str() {
                "path" => {
                    let text = self.part(part);
                    // An empty part is another address, and one that is no UTF-8 is one nobody has.
                    let text = if text.is_empty() { "%ff%fe".to_owned() } else { text };
                    path = path.replace(&format!("{{{}}}", part.name), &text);
                }
                "query" if self.chance(if part.required { 95 } else { 40 }) => {
                    query.push(format!("{}={}", part.name, self.part(part)));
                }
                _ => {}
            }
        }
        if query.is_empty() { path } else { format!("{path}?{}", query.join("&")) }
    }
}

/// What is wrong with an answer.
fn fault(described: &Described, operation: &Operation, answer: &Answer) -> Option<String> {
    let status = answer.status.as_u16();
    if status >= 500 {
        return Some("it is the server's fault".to_owned());
    }
    let Some(schema) = operation.answers.get(&status) else {
        return Some("the status is not described".to_owned());
    };
    if status >= 400 {
        // It says what happened and what to do, or this stops.
        answer.code();
    }
    match schema {
        Some(schema) => described.fits(schema, &answer.json()).err(),
        None if status == 204 && !answer.body.is_empty() => Some("there is a body".to_owned()),
        None => None,
    }
}

async fn tried(seed: u64) {
    let described = Described::of(&crate::http::openapi::json());
    let dice = StdRng::seed_from_u64(seed);
    let mut guess = Guess { dice, described: &described, known: Vec::new() };
    let mut faults = Vec::new();
    let mut answered = std::collections::BTreeMap::<u16, usize>::new();
    let mut town = Town::new().await;
    for number in 0..REQUESTS {
        if number % REQUESTS_PER_TOWN == 0 {
            town = Town::new().await;
            guess.known = town.names();
        }
        let operation = &described.operations[guess.dice.random_range(0..described.operations.len())];
        let actor = ASKING[guess.dice.random_range(0..ASKING.len())];
        let (path, body) = (guess.path(operation), guess.body(operation));
        let told = format!("{actor:?} {} {path} {body:?}", operation.method);
        let answer = town.ask(actor, operation.method.clone(), &path, body).await;
        *answered.entry(answer.status.as_u16()).or_default() += 1;
        if let Some(fault) = fault(&described, operation, &answer) {
            let told: String = told.chars().take(400).collect();
            let body = String::from_utf8_lossy(&answer.body).chars().take(400).collect::<String>();
            faults.push(format!("{fault}: {told} ({})\n  {} {body}", operation.path, answer.status));
        }
    }
    let told = faults.iter().take(TOLD_MAX).cloned().collect::<Vec<_>>().join("\n");
    assert!(faults.is_empty(), "seed {seed}: {} faults, {answered:?}\n{told}", faults.len());
    // They are no requests that are all refused for the same reason.
    for status in [200, 201, 204, 401, 403, 404, 410, 415, 422] {
        assert!(answered.get(&status).is_some_and(|count| *count >= 5), "seed {seed}: {answered:?}");
    }
}

#[tokio::test]
async fn what_is_sent_at_random_is_answered_as_described() {
    for seed in 1..=2 {
        tried(seed).await;
    }
}

#[tokio::test]
async fn what_an_address_does_not_take_is_refused_with_what_it_does() {
    let described = Described::of(&crate::http::openapi::json());
    let town = Town::new().await;
    for operation in &described.operations {
        let path = operation.path.replace("{name}", "page%2Fx").replace(['{', '}'], "");
        let path = path.replace("/seq", "/1");
        for method in [Method::GET, Method::PUT, Method::POST, Method::PATCH, Method::DELETE, Method::TRACE] {
            let taken =
                described.operations.iter().any(|one| one.path == operation.path && one.method == method);
            if !taken {
                let answer = town.ask(Actor::Owner, method.clone(), &path, Sent::Nothing).await;
                assert_eq!(answer.status, StatusCode::METHOD_NOT_ALLOWED, "{method} {path}");
                assert!(
                    answer.header("allow").contains(operation.method.as_str()),
                    "{method} {path}: {answer:?}"
                );
                assert_eq!(answer.code(), "method");
            }
        }
    }
}

#[tokio::test]
async fn pages_of_an_allowed_origin_may_use_every_method_there_is() {
    let described = Described::of(&crate::http::openapi::json());
    let world = World::local().await;
    let fields = [("origin", "http://localhost:5173"), ("access-control-request-method", "PUT")];
    let answer = world.ask(Method::OPTIONS, "/api/pages/x/access", &fields, Body::empty()).await;
    assert_eq!(answer.status, StatusCode::NO_CONTENT);
    let allowed: Vec<&str> = answer.header("access-control-allow-methods").split(", ").collect();
    for operation in &described.operations {
        assert!(allowed.contains(&operation.method.as_str()), "{} {}", operation.method, operation.path);
    }
    assert!(answer.header("access-control-allow-headers").contains("weft-share"));
}
