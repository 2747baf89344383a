//! `wask doctor`: checks what Wask needs of a machine and says how to mend what is missing.

mod machine;
mod wask;

use serde_json::{Value, json};

use crate::{
    cli::DoctorArgs,
    config,
    exit_code::Exit,
    output::{Table, escape_lines},
    session::Session,
};

/// How a check went.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Verdict {
    /// As it should be.
    Ok,
    /// It works, but worse than it could.
    Warn,
    /// Something will not work.
    Fail,
}

impl Verdict {
    const fn name(self) -> &'static str {
        match self {
            Self::Ok => "ok",
            Self::Warn => "warn",
            Self::Fail => "fail",
        }
    }
}

/// One check.
#[derive(Clone, Debug)]
pub(crate) struct Check {
    /// What was looked at.
    pub(crate) name: &'static str,
    /// How it went.
    pub(crate) verdict: Verdict,
    /// What was found.
    pub(crate) found: String,
    /// How to mend it.
    pub(crate) mend: Option<String>,
}

impl Check {
    /// All is well.
    pub(crate) fn ok(name: &'static str, found: impl Into<String>) -> Self {
        Self { name, verdict: Verdict::Ok, found: found.into(), mend: None }
    }

    /// It works, but worse than it could.
    pub(crate) fn warn(
        name: &'static str,
        found: impl Into<String>,
        mend: impl Into<String>,
    ) -> Self {
        Self { name, verdict: Verdict::Warn, found: found.into(), mend: Some(mend.into()) }
    }

    /// Something will not work.
    pub(crate) fn fail(
        name: &'static str,
        found: impl Into<String>,
        mend: impl Into<String>,
    ) -> Self {
        Self { name, verdict: Verdict::Fail, found: found.into(), mend: Some(mend.into()) }
    }
}

/// Runs all checks.
pub(crate) fn run(session: &Session, args: &DoctorArgs) -> anyhow::Result<Exit> {
    let data_dir = config::data_dir(args.data_dir.as_deref())?;
    let checks = vec![
        wask::guest_toolchain(),
        wask::data_dir_writable(&data_dir),
        wask::data_dir_space(&data_dir),
        wask::data_dir_kind(&data_dir),
        machine::kernel(),
        machine::memfd(),
        machine::address_space(),
        machine::overcommit(),
        machine::map_count(),
        machine::open_files(),
        wask::server(&session.client),
    ];
    let failed = checks.iter().any(|check| check.verdict == Verdict::Fail);
    if session.output.json {
        session.output.value(&json!({ "ok": !failed, "checks": json_of(&checks) }))?;
    } else {
        print(session, &checks)?;
    }
    Ok(if failed { Exit::Failed } else { Exit::Ok })
}

fn print(session: &Session, checks: &[Check]) -> anyhow::Result<()> {
    let mut table = Table::new(&["", "CHECK", "FOUND"]);
    for check in checks {
        table.row([check.verdict.name().to_owned(), check.name.to_owned(), check.found.clone()]);
    }
    session.output.table(&table)?;
    for check in checks {
        if let Some(mend) = &check.mend {
            session.output.line(format!("\n{}: {}", check.name, escape_lines(mend, "  ")))?;
        }
    }
    Ok(())
}

fn json_of(checks: &[Check]) -> Vec<Value> {
    let one = |check: &Check| {
        json!({ "name": check.name, "verdict": check.verdict.name(), "found": check.found,
            "mend": check.mend })
    };
    checks.iter().map(one).collect()
}
