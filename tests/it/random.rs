//! Random numbers for generated tests.

/// Marsaglia's xorshift generator with a fixed seed, so every run generates the same flags.
pub(crate) struct Random(pub(crate) u64);

impl Random {
    pub(crate) fn below(&mut self, bound: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        ((self.0 >> 8) % bound as u64) as usize
    }

    pub(crate) fn pick<T: Clone>(&mut self, pool: &[T]) -> T {
        pool[self.below(pool.len())].clone()
    }

    pub(crate) fn some<T: Clone>(&mut self, pool: &[T], most: usize) -> Vec<T> {
        (0..=self.below(most)).map(|_| self.pick(pool)).collect()
    }
}
