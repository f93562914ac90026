//! The tour that `hallpass demo` prints: each `curl` line stands above the answer that it promises.

use std::process::Command;

use anyhow::{Context, Result, bail};

use crate::shell;

pub struct Step {
    command: String,
    status: String,
    fragment: String,
}

/// Finds the steps: a line that begins with `curl `, then `# answers STATUS FRAGMENT`.
pub fn steps(printed: &str) -> Result<Vec<Step>> {
    let mut steps = Vec::new();
    let mut command = None;
    for line in printed.lines().map(str::trim) {
        if line.starts_with("curl ") {
            if let Some(unanswered) = command.replace(line) {
                bail!("the tour does not say what this answers: {unanswered}");
            }
        } else if let Some(promise) = line.strip_prefix("# answers ") {
            let command = command
                .take()
                .with_context(|| format!("no curl line above: {line}"))?;
            let (status, fragment) = promise.split_once(' ').unwrap_or((promise, ""));
            let fragment = fragment.trim_end_matches("...").trim_end_matches('…');
            steps.push(Step {
                command: command.to_owned(),
                status: status.to_owned(),
                fragment: fragment.to_owned(),
            });
        }
    }
    match command {
        Some(unanswered) => bail!("the tour does not say what this answers: {unanswered}"),
        None if steps.is_empty() => bail!("the tour has no curl line:\n{printed}"),
        None => Ok(steps),
    }
}

/// Runs the line as pasted; a shell function of curl's name only adds the status to what is printed.
pub fn walk(step: &Step) -> Result<()> {
    let script = format!(
        "curl() {{ command curl -sS -w '\\n%{{http_code}}' \"$@\"; }}\n{}\n",
        step.command
    );
    let answer = shell::capture(Command::new("bash").args(["-euo", "pipefail", "-c", &script]))?;
    let (body, status) = answer
        .trim_end()
        .rsplit_once('\n')
        .unwrap_or(("", answer.trim_end()));
    if status != step.status || !squeeze(body).contains(&squeeze(&step.fragment)) {
        bail!(
            "{}\n  promised {} {}\n  answered {status} {body}",
            step.command,
            step.status,
            step.fragment
        );
    }
    println!("ok   {status} {}", shorten(&step.command));
    Ok(())
}

fn squeeze(text: &str) -> String {
    text.chars()
        .filter(|letter| !letter.is_whitespace())
        .collect()
}

/// The request without its headers, which name files or carry secrets.
fn shorten(command: &str) -> &str {
    command.split(" -H ").next().unwrap_or(command)
}

#[cfg(test)]
mod tests {
    use super::steps;

    #[test]
    fn a_promise_belongs_to_the_curl_line_above() {
        let printed = "# who?\n  curl -s http://a\n  # answers 200 \"userId\": \"u\"...\nbye\n";
        let steps = steps(printed).unwrap_or_default();
        assert_eq!(steps.len(), 1);
        assert_eq!(
            (steps[0].status.as_str(), steps[0].fragment.as_str()),
            ("200", "\"userId\": \"u\"")
        );
    }

    #[test]
    fn a_curl_line_without_a_promise_is_refused() {
        assert!(steps("curl http://a\ncurl http://b\n# answers 200\n").is_err());
        assert!(steps("curl http://a\n").is_err());
        assert!(steps("welcome\n").is_err());
    }
}
