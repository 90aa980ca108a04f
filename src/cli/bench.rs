//! `gendan bench`: what an order costs, measured.

use super::context::Context;
use super::{End, Stop};
use crate::bench::pipeline;

#[derive(Debug, clap::Subcommand)]
pub(super) enum Command {
    /// Mails in, all messages out, on the embedded default; in a new folder below --dir that is removed afterwards 全流程
    Pipeline {
        /// How many orders 订单数
        #[arg(long, default_value_t = 2000)]
        orders: usize,
    },
}

pub(super) async fn run(command: Command, context: &mut Context) -> Result<End, Stop> {
    let Command::Pipeline { orders } = command;
    let dir = context.dir.join(format!("bench-{}", std::process::id()));
    std::fs::create_dir_all(&dir)?;
    let measured = pipeline::run(&dir, orders).await;
    std::fs::remove_dir_all(&dir)?;
    let figures = measured?;
    if context.out.json {
        context.out.json(&figures)?;
        return Ok(End::Done);
    }
    let row = |what: &str, value: String| vec![what.to_owned(), value];
    let rows = vec![
        row("orders", figures.orders.to_string()),
        row("passed untouched", figures.released.to_string()),
        row("orders/s", format!("{:.0}", figures.orders_per_second)),
        row("document → last message, idle: p50", format!("{:.1} ms", figures.idle_p50_ms)),
        row("document → last message, idle: p99", format!("{:.1} ms", figures.idle_p99_ms)),
        row("peak memory", format!("{:.0} MB", figures.peak_mb)),
        row("messages per order", format!("{:.1}", figures.messages)),
        row("rows per order", format!("{:.1}", figures.rows)),
        row("bytes per order", format!("{:.0}", figures.bytes)),
        row("fsyncs per order", format!("{:.1}", figures.fsyncs)),
        row("CPU per order", format!("{:.2} ms", figures.cpu_ms)),
    ];
    context.out.rows(&figures, &["", ""], rows)?;
    Ok(End::Done)
}
