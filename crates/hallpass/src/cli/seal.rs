use std::path::PathBuf;

use clap::Subcommand;

#[derive(Subcommand)]
pub enum SealVerb {
    /// Make a master key and put it first in its file; keys that are there already stay and open what they sealed.
    /// Followed by `hallpass seal rotate`, this is how the key is changed
    NewKey {
        /// The file; made with mode 0600 if missing [default: seal.master_key_file of the configuration, else master-key
        /// in the data directory]
        #[arg(long, value_name = "FILE")]
        file: Option<PathBuf>,
    },
    /// Show which master keys there are, how many secrets each has sealed, and what to do next
    Status,
    /// Seal everything with the current master key, while servers run. Ended half-way it loses nothing: run it again
    Rotate,
}
