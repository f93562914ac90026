//! The HTTP surfaces, driven through the router in process (and over sockets where connections matter).

mod admin;
mod agreement;
mod bad_inputs;
mod bodies;
mod budget;
mod conformance;
mod connect;
mod cors;
mod documents;
mod logs;
mod matrix;
mod ops;
mod paper;
mod serving;
mod support;
