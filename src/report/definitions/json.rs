//! Segments, layers, attributes and environments as flagctl's own JSON. The texts for people are made from these structures.

use serde::Serialize;

/// Segments.
#[derive(Debug, Serialize)]
pub struct SegmentsJson<'p> {
    /// The version of this structure.
    pub version: u32,
    /// The segments, sorted by name.
    pub segments: Vec<SegmentJson<'p>>,
}

/// A segment.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct SegmentJson<'p> {
    /// The name.
    pub segment: &'p str,
    /// The path of the file, from the flag repository's root.
    pub path: &'p str,
    /// The description, if the definition has one.
    pub description: Option<&'p str>,
    /// The owner, if the definition has one.
    pub owner: Option<&'p str>,
    /// The condition in words, or `None` for a segment without a condition or with an invalid one.
    pub condition: Option<String>,
    /// The definitions that name the segment.
    pub used_by: UsersJson<'p>,
    /// The text of the file.
    #[serde(skip)]
    pub text: &'p str,
    /// The condition in words, with shortened lists.
    #[serde(skip)]
    pub summary: Option<String>,
}

/// Layers.
#[derive(Debug, Serialize)]
pub struct LayersJson<'p> {
    /// The version of this structure.
    pub version: u32,
    /// The layers, sorted by name.
    pub layers: Vec<LayerJson<'p>>,
}

/// A layer.
#[derive(Debug, Serialize)]
pub struct LayerJson<'p> {
    /// The name.
    pub layer: &'p str,
    /// The path of the file, from the flag repository's root.
    pub path: &'p str,
    /// The description, if the definition has one.
    pub description: Option<&'p str>,
    /// The owner, if the definition has one.
    pub owner: Option<&'p str>,
    /// The attribute whose value is hashed.
    pub unit: &'p str,
    /// The salt of the hash.
    pub salt: &'p str,
    /// The slots, in the order of their ranges.
    pub slots: Vec<SlotJson<'p>>,
    /// The units of no experiment, if the layer has a holdout.
    pub holdout: Option<String>,
    /// The ranges that no slot and no holdout contains, in ascending order.
    pub free: Vec<String>,
}

/// A slot of a layer.
#[derive(Debug, Serialize)]
pub struct SlotJson<'p> {
    /// The name.
    pub slot: &'p str,
    /// The half-open range, such as `20%..35%`.
    pub range: String,
    /// The flag that takes the slot, or `None` if the slot is not taken yet.
    pub flag: Option<&'p str>,
}

/// Attributes.
#[derive(Debug, Serialize)]
pub struct AttributesJson<'p> {
    /// The version of this structure.
    pub version: u32,
    /// The attributes, in the order of `flagctl.yaml`.
    pub attributes: Vec<AttributeJson<'p>>,
}

/// An attribute of the context schema.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct AttributeJson<'p> {
    /// The name.
    pub attribute: &'p str,
    /// The type of the values.
    #[serde(rename = "type")]
    pub kind: &'static str,
    /// Whether applications always send the attribute.
    pub required: bool,
    /// The allowed values, if the declaration limits them.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub values: Option<Vec<&'p str>>,
    /// The definitions that name the attribute.
    pub used_by: UsersJson<'p>,
}

/// The definitions that use another one.
#[derive(Debug, Clone, Serialize)]
pub struct UsersJson<'p> {
    /// The flags that name it.
    pub flags: Vec<&'p str>,
    /// The segments that name it.
    pub segments: Vec<&'p str>,
    /// All flags that depend on it: those that name it, and those that use it through segments or other flags.
    pub affects: Vec<&'p str>,
}

/// Environments.
#[derive(Debug, Serialize)]
pub struct EnvironmentsJson<'p> {
    /// The version of this structure.
    pub version: u32,
    /// The environments, in the order of promotion.
    pub environments: Vec<EnvironmentJson<'p>>,
}

/// An environment, with the states of its flags.
#[derive(Debug, Serialize)]
pub struct EnvironmentJson<'p> {
    /// The name.
    pub environment: &'p str,
    /// The groups that have the environment.
    pub groups: Vec<&'p str>,
    /// The targets to which the environment is published.
    pub targets: Vec<&'p str>,
    /// The keys of the flags whose rules decide.
    pub enabled: Vec<&'p str>,
    /// The keys of the flags that are disabled in their definition.
    pub disabled: Vec<&'p str>,
    /// The flags that are killed.
    pub killed: Vec<KilledJson<'p>>,
    /// The keys of the flags that cannot be decided.
    pub invalid: Vec<&'p str>,
}

/// A flag that is killed.
#[derive(Debug, Serialize)]
pub struct KilledJson<'p> {
    /// The flag's key.
    pub flag: &'p str,
    /// The reason of the kill.
    pub reason: String,
    /// The time at which the kill should have ended, if there is one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub expires: Option<String>,
    /// The share of units that the kill admits, if it admits any.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub admit: Option<String>,
}
