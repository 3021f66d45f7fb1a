//! Where the numbers of a guard come from: a server that speaks the HTTP interface of Prometheus, or a metrics file.
//!
//! The module takes the arms and the window of a flag, and returns the [`Series`] of each guardrail: the cumulative numbers
//! of both arms at one or several times. A series that cannot be trusted is a [`DataProblem`] with its own name. A hostile
//! server or file can report wrong numbers, and can do nothing else.
//!
//! **Invariant:** no answer uses unbounded memory or time, and none is read as healthy if it is incomplete.
//! **Invariant:** a credential goes only to an address that the command line names.

mod file;
mod problem;
mod rows;
mod series;

#[cfg(feature = "cloud")]
mod address;
#[cfg(feature = "cloud")]
mod answer;
#[cfg(feature = "cloud")]
mod http;
#[cfg(feature = "cloud")]
mod literal;
#[cfg(feature = "cloud")]
mod prometheus;
#[cfg(not(feature = "cloud"))]
#[path = "without_network.rs"]
mod prometheus;
mod settings;

pub use crate::guard::source::file::MetricsFile;
pub use crate::guard::source::problem::DataProblem;
pub use crate::guard::source::prometheus::Prometheus;
pub use crate::guard::source::series::{Assignment, Metrics, Numbers, Point, Question, Series, Window};
pub use crate::guard::source::settings::{PlainHttp, SourceSettings};
pub use crate::row_file::FileError;
