//! `gendan demo`: the whole way on the samples that ship with the project.
