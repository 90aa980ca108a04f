//! The command line: one small file for each command.
//!
//! Exit codes: 0 done · 1 failed · 2 wrong usage · 3 settings wrong · 4 done, but a person has to look · 5 refused · 6 not found.

mod audit;
mod balance;
mod bench;
mod broker;
mod calibrate;
mod changes;
mod config;
mod context;
mod correspondence;
mod customers;
mod decode;
mod hand_over;
mod health;
mod http;
mod delegations;
mod demo;
mod documents;
mod explain;
mod import;
mod lessons;
mod mailboxes;
mod master;
mod migrate;
mod models;
mod orders;
mod out;
mod parked;
mod prices;
mod read;
mod rehearse;
mod reviews;
mod rules;
mod run;
mod schemas;
mod submit;

use clap::{Parser, Subcommand};
use context::Context;
pub use out::{End, Out, Stop, printable};
use std::io::{IsTerminal as _, Write as _};
use std::path::PathBuf;
use std::process::ExitCode;

/// gendan 跟单: purchase orders in by mail and fax, reviewed orders and instructions out.
#[derive(Debug, Parser)]
#[command(version, max_term_width = 100, after_help = EXIT_CODES)]
struct Arguments {
    /// Data folder: orders, documents, folders in and out; `gendan-data`, for the demo `demo-data` 数据目录
    #[arg(long, global = true, env = "GENDAN_DIR")]
    dir: Option<PathBuf>,
    /// Settings file; `gendan.toml` in the data folder when it is there 设置文件
    #[arg(long, global = true, env = "GENDAN_CONFIG")]
    config: Option<PathBuf>,
    /// Your user id, as in the settings: what you do is within your rights, and what you may not see is left out 用户
    #[arg(long = "as", global = true, env = "GENDAN_USER", value_name = "USER")]
    by: Option<String>,
    /// Print JSON with stable keys instead of tables 输出 JSON
    #[arg(long, global = true)]
    json: bool,
    #[command(subcommand)]
    command: Command,
}

const EXIT_CODES: &str = "Exit codes: 0 done, 1 failed, 2 wrong usage, 3 settings wrong, 4 done but a person has to \
look, 5 refused, 6 not found.";

#[derive(Debug, Subcommand)]
enum Command {
    /// Work: watch the folders, read, check, ask, release, deliver; until stopped 运行
    Run(run::Arguments),
    /// See the whole way on sample mails and faxes, in a folder of its own 演示
    Demo(demo::Arguments),
    /// Hand over files (mails, order files, faxes) to be taken as documents 提交文件
    Submit(submit::Arguments),
    /// Read files and show what stands in them; nothing is kept 试读
    Read(read::Arguments),
    /// Old mails and faxes through the real rules: what would have passed, waited and why; nothing leaves 试运行
    Rehearse(rehearse::Arguments),
    /// Import master data (CSV files, workbooks): customers, products, prices … 导入主数据
    Import(import::Arguments),
    /// Price lists in versions: list, show the prices in force, publish 价格表
    #[command(subcommand)]
    Prices(prices::Command),
    /// New customers: apply, list, approve, refuse; papers that end soon 新客户申请
    #[command(subcommand)]
    Customers(customers::Command),
    /// What stands in the tables of master data, and who changed it when 主数据
    #[command(subcommand)]
    Master(master::Command),
    /// List orders, show one, report what happened to one 订单
    #[command(subcommand)]
    Orders(orders::Command),
    /// List documents, show one and what became of its parts 来件
    #[command(subcommand)]
    Documents(documents::Command),
    /// All mail and fax in and out, per customer: what is open, what is late 来往信函
    Correspondence(correspondence::Arguments),
    /// List reviews, show one with what there is to decide, decide 评审
    #[command(subcommand)]
    Reviews(reviews::Command),
    /// Why an order waits where it waits: the rules that ask, with the values that they looked at 规则
    #[command(subcommand)]
    Rules(rules::Command),
    /// Who may act for whom, and until when: list, grant, end 授权
    #[command(subcommand)]
    Delegations(delegations::Command),
    /// What corrections taught of the customers: list, take back 更正所学
    #[command(subcommand)]
    Lessons(lessons::Command),
    /// Mailboxes that are read: list, with the mails that wait; try these at once 邮箱
    #[command(subcommand)]
    Mailboxes(mailboxes::Command),
    /// Messages that need a person: list, show, replay, discard 搁置的消息
    #[command(subcommand)]
    Parked(parked::Command),
    /// Add everything up: is anything missing or double? 对账
    Balance,
    /// Check the record: every chain of events, every seal 审计
    Audit(audit::Arguments),
    /// Look at RabbitMQ: is everything there and right? Declare what is missing 消息队列
    #[command(subcommand)]
    Broker(broker::Command),
    /// The models that read faxes, scans and photographs: put them into their place, check them 识别模型
    #[command(subcommand)]
    Models(models::Command),
    /// Bring the tables up to date, and end: the first step of an upgrade 升级数据表
    Migrate,
    /// Ask a running instance whether it is ready 健康检查
    Health(health::Arguments),
    /// Check or show the settings 设置
    #[command(subcommand)]
    Config(config::Command),
    /// List or show the JSON Schemas of messages 消息格式
    #[command(subcommand)]
    Schemas(schemas::Command),
    /// Tokens for programs that call over HTTP 接口令牌
    #[command(subcommand)]
    Http(http::Command),
    /// Open files that are not trusted, for the process that started this one
    #[command(hide = true)]
    Decode(decode::Arguments),
    /// Measure whether confidence means what it says, on documents whose truth is known 置信度校准
    Calibrate(calibrate::Arguments),
    /// Measure what an order costs 性能测试
    #[command(subcommand)]
    Bench(bench::Command),
}

/// Runs the program and says how it ended.
#[must_use]
pub fn main() -> ExitCode {
    let arguments = Arguments::parse();
    if let Command::Decode(arguments) = &arguments.command {
        return decode::run(arguments);
    }
    start_log();
    let runtime = match tokio::runtime::Builder::new_multi_thread().enable_all().build() {
        Ok(runtime) => runtime,
        Err(error) => return complain(&Stop::Failed(error.into())),
    };
    let json = arguments.json;
    let ended = runtime.block_on(run(arguments));
    // A blocking read of standard input or a slow disk must not keep the process.
    runtime.shutdown_background();
    match ended {
        Ok(end) => end.into(),
        Err(stop) if json => {
            let mut out = Out::stdout(true);
            let _ = out.json(&serde_json::json!({ "error": format!("{stop:#}") }));
            complain(&stop)
        }
        Err(stop) => complain(&stop),
    }
}

async fn run(arguments: Arguments) -> Result<End, Stop> {
    let usual = if matches!(arguments.command, Command::Demo(_)) { "demo-data" } else { "gendan-data" };
    let dir = arguments.dir.unwrap_or_else(|| usual.into());
    let mut context =
        Context { dir, config: arguments.config, by: arguments.by, out: Out::stdout(arguments.json) };
    let context = &mut context;
    match arguments.command {
        Command::Run(arguments) => run::run(arguments, context).await,
        Command::Demo(arguments) => demo::run(arguments, context).await,
        Command::Submit(arguments) => submit::run(arguments, context).await,
        Command::Read(arguments) => Box::pin(read::run(arguments, context)).await,
        Command::Rehearse(arguments) => Box::pin(rehearse::run(arguments, context)).await,
        Command::Import(arguments) => Box::pin(import::run(arguments, context)).await,
        Command::Prices(command) => Box::pin(prices::run(command, context)).await,
        Command::Customers(command) => Box::pin(customers::run(command, context)).await,
        Command::Master(command) => Box::pin(master::run(command, context)).await,
        Command::Orders(command) => orders::run(command, context).await,
        Command::Documents(command) => documents::run(command, context).await,
        Command::Correspondence(arguments) => correspondence::run(arguments, context).await,
        Command::Reviews(command) => reviews::run(command, context).await,
        Command::Rules(command) => Box::pin(rules::run(command, context)).await,
        Command::Delegations(command) => delegations::run(command, context).await,
        Command::Lessons(command) => lessons::run(command, context).await,
        Command::Mailboxes(command) => mailboxes::run(command, context).await,
        Command::Parked(command) => parked::run(command, context).await,
        Command::Balance => balance::run(context).await,
        Command::Audit(arguments) => audit::run(arguments, context).await,
        Command::Broker(command) => broker::run(command, context).await,
        Command::Models(command) => models::run(command, context),
        Command::Migrate => migrate::run(context).await,
        Command::Health(arguments) => health::run(arguments, context).await,
        Command::Config(command) => config::run(&command, context),
        Command::Schemas(command) => schemas::run(&command, context),
        Command::Http(command) => http::run(command, context),
        Command::Calibrate(arguments) => Box::pin(calibrate::run(arguments, context)).await,
        Command::Bench(command) => Box::pin(bench::run(command, context)).await,
        // It is served before there is a runtime.
        Command::Decode(_) => Ok(End::Done),
    }
}

fn complain(stop: &Stop) -> ExitCode {
    if stop.is_closed_pipe() {
        return ExitCode::SUCCESS;
    }
    let mut why = stop.to_string();
    if let Stop::Failed(error) = stop {
        why = format!("{error:#}");
    }
    let _ = writeln!(std::io::stderr(), "gendan: {}", printable(&why));
    stop.code()
}

/// Nothing of this crate is logged.
fn silent(krate: &str) -> tracing_subscriber::filter::Directive {
    let none = tracing::level_filters::LevelFilter::OFF;
    format!("{krate}=off").parse().unwrap_or_else(|_| none.into())
}

/// The log goes to standard error; `GENDAN_LOG` sets what is said (`info`, `gendan=debug`).
fn start_log() {
    let filter = tracing_subscriber::EnvFilter::builder()
        .with_env_var("GENDAN_LOG")
        .with_default_directive(tracing::level_filters::LevelFilter::WARN.into())
        .from_env_lossy()
        // It would print messages that come back, with what customers wrote; what matters is said by our own adapter.
        .add_directive(silent(crate::broker::rabbitmq::LIBRARY));
    let _ = tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_ansi(std::io::stderr().is_terminal())
        .with_writer(std::io::stderr)
        .try_init();
}
