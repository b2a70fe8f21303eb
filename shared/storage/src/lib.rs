//! One way to write SQL for two engines: commands, transactions, lanes, migrations.
