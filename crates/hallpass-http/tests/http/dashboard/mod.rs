//! Pages for operators.

mod desk;
mod html;
mod matrix;
mod mended;
mod passkeys;
mod people;
mod seats;
mod setup;
mod tools;
