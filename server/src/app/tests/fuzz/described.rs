//! The description of the interface, read as a client reads it.

use std::collections::BTreeMap;

use axum::http::Method;
use serde_json::Value;

/// What is described.
pub(super) struct Described {
    whole: Value,
    pub(super) operations: Vec<Operation>,
}

/// One method of one address.
pub(super) struct Operation {
    pub(super) method: Method,
    pub(super) path: String,
    pub(super) parts: Vec<Part>,
    pub(super) body: Option<Content>,
    /// The statuses, with what their JSON is like where they have some.
    pub(super) answers: BTreeMap<u16, Option<Value>>,
}

/// A parameter.
pub(super) struct Part {
    pub(super) name: String,
    /// `path`, `query` or `header`.
    pub(super) place: String,
    pub(super) required: bool,
    pub(super) schema: Value,
}

/// A body.
pub(super) struct Content {
    pub(super) kind: String,
    pub(super) schema: Value,
}

fn content(of: &Value) -> Option<Content> {
    let (kind, content) = of["content"].as_object()?.iter().next()?;
    Some(Content { kind: kind.clone(), schema: content["schema"].clone() })
}

/// The types that a schema allows.
pub(super) fn kinds(schema: &Value) -> Vec<&str> {
    match &schema["type"] {
        Value::String(kind) => vec![kind],
        Value::Array(kinds) => kinds.iter().filter_map(Value::as_str).collect(),
        _ => vec!["object"],
    }
}

impl Described {
    pub(super) fn of(text: &str) -> Self {
        let whole: Value = serde_json::from_str(text).unwrap();
        let mut operations = Vec::new();
        for (path, methods) in whole["paths"].as_object().unwrap() {
            for (method, told) in methods.as_object().unwrap() {
                let part = |part: &Value| Part {
                    name: part["name"].as_str().unwrap().to_owned(),
                    place: part["in"].as_str().unwrap().to_owned(),
                    required: part["required"] == Value::Bool(true),
                    schema: part["schema"].clone(),
                };
                let answer = |(status, told): (&String, &Value)| {
                    let json = content(told).filter(|content| content.kind == "application/json");
                    (status.parse().unwrap(), json.map(|content| content.schema))
                };
                operations.push(Operation {
                    method: Method::from_bytes(method.to_uppercase().as_bytes()).unwrap(),
                    path: path.clone(),
                    parts: told["parameters"].as_array().into_iter().flatten().map(part).collect(),
                    body: content(&told["requestBody"]),
                    answers: told["responses"].as_object().unwrap().iter().map(answer).collect(),
                });
            }
        }
        Self { whole, operations }
    }

    /// The schema that a reference leads to.
    pub(super) fn resolved<'a>(&'a self, schema: &'a Value) -> &'a Value {
        match schema["$ref"].as_str() {
            Some(to) => self.resolved(self.whole.pointer(to.trim_start_matches('#')).unwrap()),
            None => schema,
        }
    }

    /// That a value is as a schema has it.
    pub(super) fn fits(&self, schema: &Value, value: &Value) -> Result<(), String> {
        let schema = self.resolved(schema);
        for all in schema["allOf"].as_array().into_iter().flatten() {
            self.fits(all, value)?;
        }
        if let Some(ways) = schema["oneOf"].as_array() {
            let fits = |way| self.fits(way, value).is_ok();
            // A part that is flattened into its owner is left out by leaving out its fields.
            let flattened = value.is_object() && ways.iter().any(|way| way["type"] == "null");
            return if flattened || ways.iter().any(fits) {
                Ok(())
            } else {
                Err(format!("{value} fits no way"))
            };
        }
        if schema["enum"].as_array().is_some_and(|words| !words.contains(value)) {
            return Err(format!("{value} is no word of {}", schema["enum"]));
        }
        if schema.get("type").is_none() {
            return Ok(());
        }
        let kind = match value {
            Value::Null => "null",
            Value::Bool(_) => "boolean",
            Value::Number(number) if number.is_f64() => "number",
            Value::Number(_) => "integer",
            Value::String(_) => "string",
            Value::Array(_) => "array",
            Value::Object(_) => "object",
        };
        let kinds = kinds(schema);
        let of_kind = kinds.contains(&kind) || kind == "integer" && kinds.contains(&"number");
        if !of_kind {
            return Err(format!("{value} is {kind}, not {kinds:?}"));
        }
        for required in schema["required"].as_array().into_iter().flatten().filter_map(Value::as_str) {
            if value.is_object() && value.get(required).is_none() {
                return Err(format!("{required} is missing in {value}"));
            }
        }
        for (name, part) in schema["properties"].as_object().into_iter().flatten() {
            if let Some(value) = value.get(name) {
                self.fits(part, value).map_err(|why| format!("{name}: {why}"))?;
            }
        }
        for item in value.as_array().into_iter().flatten() {
            self.fits(&schema["items"], item)?;
        }
        Ok(())
    }
}
