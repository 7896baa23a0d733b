//! Black-box tests, one file per behaviour.
