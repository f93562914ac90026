//! Which stages a command line asks for.

use std::fmt;

#[derive(Default)]
pub struct Choice {
    only: Vec<String>,
    skip: Vec<String>,
}

impl Choice {
    /// `--only` and `--skip` with names of `known` stages.
    pub fn parse(arguments: &[String], known: &[&str], under_ci: bool) -> Result<Choice, Usage> {
        let mut choice = Choice::default();
        let mut words = arguments.iter();
        while let Some(word) = words.next() {
            let (flag, inline) = word
                .split_once('=')
                .map_or((word.as_str(), None), |(flag, value)| (flag, Some(value)));
            let list = match flag {
                "--only" => &mut choice.only,
                "--skip" if under_ci => {
                    return Err(Usage("CI runs every stage: --skip is refused".to_owned()));
                }
                "--skip" => &mut choice.skip,
                _ => {
                    return Err(Usage(format!(
                        "unknown argument `{word}`; see `cargo xtask help`"
                    )));
                }
            };
            let value = inline.or_else(|| words.next().map(String::as_str));
            let value = value.ok_or_else(|| Usage(format!("{flag} needs a list of stages")))?;
            list.extend(value.split(',').map(str::to_owned));
        }
        choice.of_known(known)
    }

    fn of_known(self, known: &[&str]) -> Result<Choice, Usage> {
        let mut named = self.only.iter().chain(&self.skip);
        match named.find(|name| !known.contains(&name.as_str())) {
            Some(name) => Err(Usage(format!(
                "no stage `{name}`; `cargo xtask test --list` names them"
            ))),
            None => Ok(self),
        }
    }

    /// PostgreSQL comes along with the stages that test on it, unless it is skipped by name.
    pub fn wants(&self, stage: &str) -> bool {
        let named = |name: &str| self.only.iter().any(|only| only == name);
        let implied = stage == "postgres" && (named("tests") || named("e2e"));
        (self.only.is_empty() || named(stage) || implied) && !self.skips(stage)
    }

    pub fn skips(&self, stage: &str) -> bool {
        self.skip.iter().any(|skip| skip == stage)
    }
}

/// A command line that does not say what to do.
#[derive(Debug)]
pub struct Usage(pub String);

impl fmt::Display for Usage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for Usage {}

#[cfg(test)]
mod tests {
    use super::Choice;

    fn parse(arguments: &[&str], under_ci: bool) -> Result<Choice, String> {
        let arguments: Vec<String> = arguments.iter().map(|&word| word.to_owned()).collect();
        let known = [
            "setup", "format", "clippy", "postgres", "tests", "e2e", "demo",
        ];
        Choice::parse(&arguments, &known, under_ci).map_err(|usage| usage.to_string())
    }

    #[test]
    fn only_brings_the_database_along() {
        let choice = parse(&["--only", "tests,format"], false).unwrap_or_default();
        assert!(choice.wants("tests") && choice.wants("format") && choice.wants("postgres"));
        assert!(!choice.wants("clippy") && !choice.wants("setup"));
    }

    #[test]
    fn skip_is_refused_under_ci() {
        assert!(
            parse(&["--skip=e2e"], false)
                .is_ok_and(|choice| !choice.wants("e2e") && choice.wants("demo"))
        );
        assert!(parse(&["--skip=e2e"], true).is_err());
    }

    #[test]
    fn unknown_stages_and_flags_are_refused() {
        assert!(parse(&["--only", "e2"], false).is_err());
        assert!(parse(&["--fast"], false).is_err());
        assert!(parse(&["--only"], false).is_err());
    }
}
