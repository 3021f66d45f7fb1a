//! The language server: answers an editor while a person writes definitions.
//!
//! The input is the messages of an editor and the folder that it has open. The output is the findings of `validate`, completions,
//! descriptions, positions of names, renames and quick fixes. The texts that the editor has open replace the files on disk.
//!
//! After each change, the changed flag, segment or `flagctl.yaml` is checked with what it needs, which takes the same time in a
//! repository of any size. The whole repository is checked when the person pauses, on another thread. Messages are answered in
//! their order, and a request that is cancelled before its turn is not worked on.
//!
//! **Invariant:** the server reads only files of the flag repository, and writes no file: the editor makes all changes.
//! **Invariant:** a message, a text or a position that is wrong gets an error as its answer, and does not end the server.

mod actions;
mod address;
mod checks;
mod completion;
mod cursor;
mod documents;
mod findings;
mod hover;
mod inbox;
mod initialization;
mod navigation;
mod places;
mod position;
mod refusal;
mod server;
mod session;
mod state;
mod transport;

pub use crate::lsp::server::{End, run};
