//! The `hallpass` program: command line, configuration, wiring and signals. The rules live in the crates below it.

mod backend;
mod certificate;
mod cli;
mod config;
mod database;
mod demo;
mod doctor;
mod duration;
mod egress;
mod exit;
mod failure;
mod files;
mod logs;
mod master_key;
mod messengers;
mod portal;
mod serve;
mod token;
mod ui;
mod verbs;

use std::process::ExitCode;

use clap::Parser as _;

use cli::{Cli, EgressArgs, Global, Verb};
use ui::Ui;

fn main() -> ExitCode {
    // Everything that speaks TLS takes the process's provider; nothing may choose another one first.
    drop(rustls::crypto::aws_lc_rs::default_provider().install_default());
    let cli =
        Cli::try_parse().unwrap_or_else(|error| failure::exit_wrong_use(&cli::with_tip(error)));
    let ui = Ui::new(cli.global.json);
    match run(cli, &ui) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            failure::report(&ui, &error);
            ExitCode::from(exit::code_of(&error))
        }
    }
}

fn run(cli: Cli, ui: &Ui) -> anyhow::Result<()> {
    let global = &cli.global;
    if global.contradicts_itself() {
        return Err(exit::Exit::usage(
            "--url names a server, --data-dir and --database-url a database: give one of them",
        ));
    }
    match cli.verb {
        Verb::Demo(args) => demo::run(global, &args.serve, ui),
        Verb::Serve(args) => serve::run(global, &args, ui),
        Verb::Migrate => verbs::database::migrate(global, ui),
        Verb::Backup { file } => verbs::database::backup(global, &file, ui),
        Verb::Doctor(args) => doctor::run(global, &args, ui),
        Verb::Config(verb) => verbs::config::run(global, &verb, ui),
        Verb::Project(verb) => verbs::project::run(global, &verb, ui),
        Verb::Environment(verb) => verbs::environment::run(global, &verb, ui),
        Verb::Key(verb) => verbs::key::run(global, &verb, ui),
        Verb::Idp(verb) => verbs::idp::run(global, &verb, ui),
        Verb::IssuerKey(verb) => verbs::issuer_key::run(global, &verb, ui),
        Verb::ApiKey(verb) => verbs::api_key::run(global, &verb, ui),
        Verb::SignInProvider(verb) => verbs::sign_in_provider::run(global, &verb, ui),
        Verb::Webhook(verb) => verbs::webhook::run(global, &verb, ui),
        Verb::Delivery(verb) => verbs::delivery::run(global, &verb, ui),
        Verb::User(verb) => verbs::user::run(global, &verb, ui),
        Verb::Account(verb) => verbs::account::run(global, &verb, ui),
        Verb::Session(verb) => verbs::session::run(global, &verb, ui),
        Verb::Operator(verb) => verbs::operator::run(global, &verb, ui),
        Verb::Seal(verb) => verbs::seal::run(global, &verb, ui),
        Verb::Token(verb) => token::run(global, &verb, ui),
        Verb::Audit(verb) => verbs::audit::run(global, &verb, ui),
        Verb::Openapi => {
            ui.raw(&hallpass_http::openapi());
            Ok(())
        }
    }
}

/// The configuration of a verb that starts a server or shows what a start would use.
fn load_config(
    global: &Global,
    overrides: &config::Overrides,
) -> anyhow::Result<config::Effective> {
    let flags = config::Overrides {
        data_dir: global.data_dir.clone(),
        database_url: global.database_url.clone(),
        ..overrides.clone()
    };
    config::load(global.config.as_deref(), std::env::vars(), &flags)
}

/// The configuration of a verb that opens a database which somebody else serves: a sourced env file leads there.
fn load_config_of_database(
    global: &Global,
    egress: &EgressArgs,
) -> anyhow::Result<config::Effective> {
    let directory = std::env::var_os(config::DATA_DIR_VARIABLE).filter(|value| !value.is_empty());
    let overrides = config::Overrides {
        default_data_dir: directory.map(Into::into),
        allow_egress: egress.allow.clone(),
        ..config::Overrides::default()
    };
    load_config(global, &overrides)
}
