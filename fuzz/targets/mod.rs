//! The functions that the fuzz targets call. The tests of the program call them, too, with each file in `fuzz/seeds`, so
//! that the seeds run with the stable toolchain.

pub(crate) mod bundle;
pub(crate) mod context;
pub(crate) mod definitions;
pub(crate) mod kill;
pub(crate) mod manifest;
pub(crate) mod value_schema;

/// A target: its name, which is the name of its folder in `fuzz/seeds`, and the function that runs one input.
pub(crate) type Target = (&'static str, fn(&[u8]));

/// All targets.
pub(crate) const TARGETS: [Target; 6] = [
    ("bundle", bundle::run),
    ("context", context::run),
    ("definitions", definitions::run),
    ("kill", kill::run),
    ("manifest", manifest::run),
    ("value_schema", value_schema::run),
];
