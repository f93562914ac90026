//! What a failed run says: text for people, with `--json` one object on stderr.

use clap::error::ErrorKind;
use serde_json::{Value, json};

use crate::backend::Problem;
use crate::exit::{self, DENIED, REFUSED, USAGE};
use crate::ui::Ui;

/// Says why the run failed, unless all was said on stdout.
pub fn report(ui: &Ui, error: &anyhow::Error) {
    if let Some(problem) = error.downcast_ref::<Problem>().filter(|_| ui.json) {
        ui.note(format!("{:#}", problem.raw));
        return;
    }
    let text = format!("{error:#}");
    if text.is_empty() {
        return;
    }
    if ui.json {
        ui.note(format!("{:#}", object(exit::code_of(error), &text)));
    } else {
        ui.note(format!("hallpass: {text}"));
    }
}

/// Ends a run whose command line cannot be read, or that only asked for help.
pub fn exit_wrong_use(error: &clap::Error) -> ! {
    let mut arguments = std::env::args_os().take_while(|argument| argument != "--");
    if !error.use_stderr() || !arguments.any(|argument| argument == "--json") {
        error.exit();
    }
    Ui::new(true).note(format!("{:#}", object(USAGE, &words_of(error))));
    std::process::exit(USAGE.into());
}

/// In the shape of the admin API's problem documents.
fn object(code: u8, detail: &str) -> Value {
    let (name, title) = match code {
        USAGE => ("usage", "wrong use"),
        DENIED => ("denied", "denied"),
        REFUSED => ("refused", "refused"),
        _ => ("failed", "failed"),
    };
    json!({ "title": title, "detail": detail, "code": name })
}

/// What is wrong, without the summary of the command that follows it.
fn words_of(error: &clap::Error) -> String {
    if error.kind() == ErrorKind::DisplayHelpOnMissingArgumentOrSubcommand {
        return "the verb is incomplete: --help lists what can follow".to_owned();
    }
    let text = error.render().to_string();
    let what = text.split("\n\nUsage:").next().unwrap_or(&text);
    let what = what
        .split("\n\nFor more information")
        .next()
        .unwrap_or(what);
    what.strip_prefix("error: ")
        .unwrap_or(what)
        .trim()
        .to_owned()
}
