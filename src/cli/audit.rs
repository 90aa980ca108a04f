//! `gendan audit`: every chain of events, orders' and tables', every snapshot, every seal.

use super::context::Context;
use super::{End, Stop};
use crate::runtime::register::untrue;

#[derive(Debug, clap::Args)]
pub(super) struct Arguments {
    /// Seal today first: chain all order heads to yesterday's seal 先封存今天
    #[arg(long)]
    seal: bool,
}

pub(super) async fn run(arguments: Arguments, context: &mut Context) -> Result<End, Stop> {
    let house = context.open().await?;
    if arguments.seal {
        let today = house.today(house.store.now().await?);
        let seal = house.store.seal(today).await?;
        if !context.out.json {
            context.out.line(format!("sealed {}: {} orders, {}", seal.day, seal.heads, seal.hash))?;
        }
    }
    let mut audit = house.store.audit().await?;
    audit.findings.extend(untrue(house.store.as_ref()).await?);
    if context.out.json {
        context.out.json(&audit)?;
    } else {
        context.out.line(format!(
            "{} orders and tables, {} events, {} seals: {} findings",
            audit.orders,
            audit.events,
            audit.seals,
            audit.findings.len()
        ))?;
        for finding in &audit.findings {
            let event = finding.sequence.map(|at| format!(", event {at}")).unwrap_or_default();
            context.out.line(format!("  {}{event}: {}", finding.about, finding.what))?;
        }
    }
    Ok(if audit.findings.is_empty() { End::Done } else { End::Attention })
}
