//! Asks a server with OpenFeature's OFREP provider for Rust.
//!
//! The program reads one command from each line of stdin, and writes one line for it to stdout. `../__init__.py`
//! describes the commands.

use std::error::Error;
use std::io::{self, BufRead as _, Write as _};

use open_feature::{
    EvaluationContext, EvaluationDetails, EvaluationError, EvaluationErrorCode, OpenFeature, StructValue, Value,
};
use open_feature_ofrep::{OfrepOptions, OfrepProvider};
use reqwest::header::{HeaderMap, HeaderName, HeaderValue};
use serde_json::{Value as Json, json};

fn main() -> Result<(), Box<dyn Error>> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let mut out = io::stdout();
    for line in io::stdin().lock().lines() {
        let command: Json = serde_json::from_str(&line?)?;
        let answer = runtime.block_on(answer(&command))?;
        writeln!(out, "{answer}")?;
        out.flush()?;
    }
    Ok(())
}

async fn answer(command: &Json) -> Result<Json, Box<dyn Error>> {
    if let Some(url) = command["connect"].as_str() {
        let provider = OfrepProvider::new(OfrepOptions {
            base_url: url.to_owned(),
            headers: headers(&command["headers"])?,
            ..OfrepOptions::default()
        });
        let provider = provider.await.map_err(|error| error.to_string())?;
        OpenFeature::singleton_mut().await.set_provider(provider).await;
        return Ok(json!({"error": null}));
    }
    let client = OpenFeature::singleton().await.create_client();
    let key = command["flag"].as_str().unwrap_or_default();
    let context = context(&command["context"]);
    let context = Some(&context);
    let default = &command["default"];
    Ok(match command["type"].as_str().unwrap_or_default() {
        "boolean" => shown(client.get_bool_details(key, context, None).await, default, |value| json!(value)),
        "string" => shown(client.get_string_details(key, context, None).await, default, |value| json!(value)),
        "integer" => shown(client.get_int_details(key, context, None).await, default, |value| json!(value)),
        "float" => shown(client.get_float_details(key, context, None).await, default, |value| json!(value)),
        _ => shown(client.get_struct_details::<StructValue>(key, context, None).await, default, object),
    })
}

fn headers(given: &Json) -> Result<HeaderMap, Box<dyn Error>> {
    let mut headers = HeaderMap::new();
    for (name, value) in given.as_object().into_iter().flatten() {
        let value = HeaderValue::from_str(value.as_str().unwrap_or_default())?;
        headers.insert(HeaderName::from_bytes(name.as_bytes())?, value);
    }
    Ok(headers)
}

/// Returns a context. The client can send strings, booleans and numbers, but neither lists nor objects.
fn context(given: &Json) -> EvaluationContext {
    let mut context = EvaluationContext::default();
    for (name, value) in given.as_object().into_iter().flatten() {
        context = match value {
            Json::String(text) if name == "targetingKey" => context.with_targeting_key(text.clone()),
            Json::String(text) => context.with_custom_field(name, text.clone()),
            Json::Bool(value) => context.with_custom_field(name, *value),
            Json::Number(number) => match number.as_i64() {
                Some(integer) => context.with_custom_field(name, integer),
                None => context.with_custom_field(name, number.as_f64().unwrap_or_default()),
            },
            Json::Null | Json::Array(_) | Json::Object(_) => context,
        };
    }
    context
}

fn shown<T>(found: Result<EvaluationDetails<T>, EvaluationError>, default: &Json, write: fn(&T) -> Json) -> Json {
    match found {
        Ok(details) => json!({
            "value": write(&details.value),
            "variant": details.variant,
            "reason": details.reason.map(|reason| reason.to_string()),
            "error": null,
        }),
        Err(error) => {
            let code = match error.code {
                EvaluationErrorCode::General(_) => "GENERAL".to_owned(),
                code => code.to_string(),
            };
            json!({"value": default, "variant": null, "reason": "ERROR", "error": code, "message": error.message})
        }
    }
}

fn object(value: &StructValue) -> Json {
    value.fields.iter().map(|(name, value)| (name.clone(), member(value))).collect()
}

fn member(value: &Value) -> Json {
    match value {
        Value::Bool(value) => json!(value),
        Value::Int(value) => json!(value),
        Value::Float(value) => json!(value),
        Value::String(value) => json!(value),
        Value::Array(values) => values.iter().map(member).collect(),
        Value::Struct(value) => object(value),
    }
}
