//! The JSON Schemas (2020-12) of everything that travels, and the check against them on the way out and in.

use crate::order::message::{Body, Message};
use jsonschema::Validator;
use rust_embed::Embed;
use serde_json::Value;
use std::collections::BTreeMap;
use thiserror::Error;

/// Name of the schema around every message.
const ENVELOPE: &str = "envelope";

#[derive(Embed)]
#[folder = "schemas/message"]
struct Shipped;

/// The schemas, read and ready, by name: `envelope` and each message type.
#[derive(Debug)]
pub struct Schemas(BTreeMap<String, (Value, Validator)>);

/// A message that its schema refuses, or a schema that can't be used. Says nothing of the values in the message.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("{type_name} at `{path}`: {what}")]
pub struct SchemaError {
    /// Type of the message, or `envelope`.
    pub type_name: String,
    /// JSON Pointer (RFC 6901) to what is wrong; empty for the whole.
    pub path: String,
    pub what: String,
}

impl Schemas {
    /// The schemas that ship with the program.
    pub fn shipped() -> Result<Self, SchemaError> {
        let mut schemas = BTreeMap::new();
        for file in Shipped::iter() {
            let name = file.trim_end_matches(".json").to_owned();
            let broken = |what: String| SchemaError { type_name: name.clone(), path: String::new(), what };
            let bytes = Shipped::get(&file).ok_or_else(|| broken("the schema is missing".to_owned()))?.data;
            let schema: Value = serde_json::from_slice(&bytes).map_err(|error| broken(error.to_string()))?;
            let validator = jsonschema::draft202012::options()
                .should_validate_formats(true)
                .build(&schema)
                .map_err(|error| broken(error.to_string()))?;
            schemas.insert(name.clone(), (schema, validator));
        }
        Ok(Self(schemas))
    }

    /// Checks a message whole: its envelope, and its body by its type.
    pub fn check_message(&self, message: &Message) -> Result<(), SchemaError> {
        let json = to_json(ENVELOPE, message)?;
        self.check(ENVELOPE, &json)?;
        self.check(message.body.type_name(), json.get("body").unwrap_or(&Value::Null))
    }

    /// Checks a body that comes from outside, with its `type` in it, against the schema of that type.
    pub fn check_body(&self, type_name: &str, body: &Value) -> Result<(), SchemaError> {
        if type_name == ENVELOPE {
            return Err(unknown(type_name));
        }
        self.check(type_name, body)
    }

    /// Reads a body that comes from outside, once its schema accepts it.
    pub fn read_body(&self, type_name: &str, body: Value) -> Result<Body, SchemaError> {
        self.check_body(type_name, &body)?;
        serde_json::from_value(body).map_err(|error| SchemaError {
            type_name: type_name.to_owned(),
            path: String::new(),
            what: error.to_string(),
        })
    }

    /// The names of all schemas, in alphabetical order.
    pub fn list(&self) -> impl Iterator<Item = &str> {
        self.0.keys().map(String::as_str)
    }

    /// One schema as its file has it.
    #[must_use]
    pub fn show(&self, name: &str) -> Option<&Value> {
        self.0.get(name).map(|(schema, _)| schema)
    }

    fn check(&self, name: &str, value: &Value) -> Result<(), SchemaError> {
        let (_, validator) = self.0.get(name).ok_or_else(|| unknown(name))?;
        validator.validate(value).map_err(|error| SchemaError {
            type_name: name.to_owned(),
            path: error.instance_path().to_string(),
            what: error.masked().to_string(),
        })
    }
}

fn unknown(name: &str) -> SchemaError {
    let what = "there is no message of this type: see `gendan schemas list`".to_owned();
    SchemaError { type_name: name.to_owned(), path: String::new(), what }
}

fn to_json(name: &str, message: &Message) -> Result<Value, SchemaError> {
    serde_json::to_value(message).map_err(|error| SchemaError {
        type_name: name.to_owned(),
        path: String::new(),
        what: error.to_string(),
    })
}
