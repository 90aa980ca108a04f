//! `gendan http`: tokens for those who call.

use super::context::Context;
use super::{End, Stop};
use crate::web::{Scope, check_name, fresh};

#[derive(Debug, clap::Subcommand)]
pub(super) enum Command {
    /// Make a token: it is shown once, the settings keep its hash 生成令牌
    Token(Token),
}

#[derive(Debug, clap::Args)]
pub(super) struct Token {
    /// Name of whoever will call: a to z, 0 to 9, - and _ 名称
    name: String,
    /// What the token is good for 权限
    #[arg(long = "scope", required = true, value_delimiter = ',')]
    scopes: Vec<Scope>,
}

pub(super) fn run(command: Command, context: &mut Context) -> Result<End, Stop> {
    let Command::Token(Token { name, scopes }) = command;
    check_name(&name).map_err(Stop::Refused)?;
    let (token, sha256) = fresh().map_err(|why| Stop::Failed(anyhow::anyhow!(why)))?;
    let scopes: Vec<&str> = scopes.into_iter().map(Scope::as_str).collect();
    if context.out.json {
        let data = serde_json::json!({"name": name, "scopes": scopes, "token": token, "sha256": sha256});
        context.out.json(&data)?;
        return Ok(End::Done);
    }
    let quoted: Vec<String> = scopes.iter().map(|scope| format!("\"{scope}\"")).collect();
    context.out.line(format!("{token}\n"))?;
    context
        .out
        .line("is shown this once: give it to the caller, who sends it as `Authorization: Bearer …`.")?;
    context.out.line("Put into gendan.toml and start again:\n")?;
    context.out.line(format!(
        "[[http.tokens]]\nname = \"{name}\"\nscopes = [{}]\nsha256 = \"{sha256}\"",
        quoted.join(", ")
    ))?;
    Ok(End::Done)
}
