//! The real program on real servers: RabbitMQ, PostgreSQL, IMAP and SMTP, as many processes as a case wants.

mod chaos;
mod check;
mod rolling;
mod shop;
mod site;
mod way;
