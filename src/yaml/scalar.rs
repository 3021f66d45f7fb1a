//! Determines the type of a plain scalar in the core schema of YAML 1.2, and warns about scalars that YAML 1.1 parsers
//! read differently.

use serde_json::Number;

use crate::codes::Code;
use crate::diag::{Diagnostic, Diagnostics};
use crate::snapshot::Span;
use crate::yaml::value::Value;

/// Returns the value of an unquoted scalar. Reports numbers that JSON cannot represent exactly, and texts that look
/// like a version or an octal number.
pub(super) fn resolve(text: &str, span: Span, diagnostics: &mut Diagnostics) -> Value {
    match text {
        "" | "~" | "null" | "Null" | "NULL" => return Value::Null,
        "true" | "True" | "TRUE" => return Value::Boolean(true),
        "false" | "False" | "FALSE" => return Value::Boolean(false),
        _ => {}
    }
    // Most scalars are words, and only these characters can begin a number.
    if !text.starts_with(|first: char| first.is_ascii_digit() || matches!(first, '+' | '-' | '.')) {
        return Value::Text(text.to_owned());
    }
    let mut report = |code, message: String, help: String| {
        diagnostics.push(Diagnostic::new(code, span, message).help(help));
    };
    match number(text) {
        Form::Text => Value::Text(text.to_owned()),
        Form::Integer(digits) => {
            let unsigned = digits.trim_start_matches(['+', '-']);
            if unsigned.len() > 1 && unsigned.starts_with('0') {
                let plain = digits.replacen(unsigned, unsigned.trim_start_matches('0'), 1);
                let plain = if unsigned.bytes().all(|digit| digit == b'0') { "0" } else { plain.as_str() };
                report(
                    Code::AmbiguousScalar,
                    format!("`{text}` is {plain} in YAML 1.2, and an octal number in YAML 1.1"),
                    format!("write `{plain}`, or `\"{text}\"` if it is not a number"),
                );
            }
            exact(digits.trim_start_matches('+').parse::<i64>().ok(), text, &mut report)
        }
        Form::Radix(digits, radix) => exact(i64::from_str_radix(digits, radix).ok(), text, &mut report),
        Form::Float(float) => match Number::from_f64(float).filter(|_| float.abs() <= EXACT) {
            Some(number) => {
                if text.contains('.') && text.ends_with('0') && !text.ends_with(".0") && !text.contains(['e', 'E']) {
                    let plain = text.trim_end_matches('0').trim_end_matches('.');
                    report(
                        Code::AmbiguousScalar,
                        format!("`{text}` is the number {plain}"),
                        format!("write `\"{text}\"` if it is a version, `{plain}` if it is a number"),
                    );
                }
                Value::Number(number, text.into())
            }
            None => inexact(text, &mut report),
        },
        Form::NotANumber => {
            let help = format!("write `\"{text}\"` if it is a string");
            report(Code::InexactNumber, format!("JSON has no number `{text}`"), help);
            Value::Text(text.to_owned())
        }
    }
}

/// 2^53 - 1, the largest number that is distinct from every other integer as a 64-bit floating-point number.
const EXACT: f64 = 9_007_199_254_740_991.0;

enum Form<'t> {
    Text,
    Integer(&'t str),
    Radix(&'t str, u32),
    Float(f64),
    NotANumber,
}

fn number(text: &str) -> Form<'_> {
    let digits = |part: &str| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit());
    if let Some(octal) = text.strip_prefix("0o").filter(|octal| octal.bytes().all(|b| (b'0'..=b'7').contains(&b))) {
        return if octal.is_empty() { Form::Text } else { Form::Radix(octal, 8) };
    }
    if let Some(hex) = text.strip_prefix("0x").filter(|hex| hex.bytes().all(|b| b.is_ascii_hexdigit())) {
        return if hex.is_empty() { Form::Text } else { Form::Radix(hex, 16) };
    }
    let unsigned = text.strip_prefix(['+', '-']).unwrap_or(text);
    if digits(unsigned) {
        return Form::Integer(text);
    }
    if matches!(unsigned, ".inf" | ".Inf" | ".INF") || matches!(text, ".nan" | ".NaN" | ".NAN") {
        return Form::NotANumber;
    }
    let (mantissa, exponent) = unsigned.split_once(['e', 'E']).unwrap_or((unsigned, "0"));
    let (integer, fraction) = mantissa.split_once('.').unwrap_or((mantissa, "0"));
    let is_float = digits(exponent.strip_prefix(['+', '-']).unwrap_or(exponent))
        && (digits(integer) || integer.is_empty())
        && (digits(fraction) || fraction.is_empty())
        && !(integer.is_empty() && fraction.is_empty());
    // Rust's float parser accepts the same decimal notation.
    if is_float { text.parse().map_or(Form::Text, Form::Float) } else { Form::Text }
}

fn exact(integer: Option<i64>, text: &str, report: &mut impl FnMut(Code, String, String)) -> Value {
    match integer.filter(|integer| integer.unsigned_abs() < 1 << 53) {
        Some(integer) => Value::Number(integer.into(), text.into()),
        None => inexact(text, report),
    }
}

fn inexact(text: &str, report: &mut impl FnMut(Code, String, String)) -> Value {
    report(
        Code::InexactNumber,
        format!("`{text}` cannot be represented exactly: the limits are -(2^53 - 1) and 2^53 - 1"),
        format!("write `\"{text}\"` if it is an identifier"),
    );
    Value::Text(text.to_owned())
}
