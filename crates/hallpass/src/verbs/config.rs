use anyhow::Result;
use serde_json::{Value, json};

use crate::cli::{ConfigVerb, Global};
use crate::config::{self, Effective, Overrides};
use crate::ui::{Table, Ui};

pub fn run(global: &Global, verb: &ConfigVerb, ui: &Ui) -> Result<()> {
    match verb {
        ConfigVerb::Default => {
            ui.line(config::DEFAULT_FILE.trim_end());
            Ok(())
        }
        ConfigVerb::Show => {
            show(&crate::load_config(global, &Overrides::default())?, ui);
            Ok(())
        }
        ConfigVerb::Check { file } => {
            let flags = Overrides {
                data_dir: global.data_dir.clone(),
                database_url: global.database_url.clone(),
                ..Overrides::default()
            };
            let file = file.as_deref().or(global.config.as_deref());
            let effective = config::load(file, std::env::vars(), &flags)?;
            crate::serve::check_settings(&effective.config)?;
            crate::serve::check_tls(&effective.config)?;
            show(&effective, ui);
            ui.note("the configuration is good");
            Ok(())
        }
    }
}

fn show(effective: &Effective, ui: &Ui) {
    let rows = effective.rows();
    let items = rows
        .iter()
        .map(|(key, value, origin)| json!({ "key": key, "value": value, "origin": origin }));
    let answer = json!({ "items": items.collect::<Vec<Value>>() });
    ui.answer(&answer, |_| {
        let mut table = Table::new(&["KEY", "VALUE", "FROM"]);
        for (key, value, origin) in rows {
            table.row([key, value, origin]);
        }
        table.to_string()
    });
}
