//! What makes an RSA public key unfit: its size, its exponent, its modulus.

use super::error::KeyError;

/// Shortest accepted RSA modulus, in bits.
pub const MIN_RSA_BITS: u32 = 2048;
/// Longest accepted RSA modulus, in bits: beyond it one verification costs too much.
pub const MAX_RSA_BITS: u32 = 8192;

/// The odd primes up to 167, by which both the tiny-factor and the ROCA check look at the modulus.
const SMALL_PRIMES: [u32; 38] = [
    3, 5, 7, 11, 13, 17, 19, 23, 29, 31, 37, 41, 43, 47, 53, 59, 61, 67, 71, 73, 79, 83, 89, 97,
    101, 103, 107, 109, 113, 127, 131, 137, 139, 149, 151, 157, 163, 167,
];

/// Checks big-endian `n` and `e`, both without leading zeros.
pub(super) fn check(n: &[u8], e: &[u8]) -> Result<(), KeyError> {
    let bits = bit_length(n);
    if bits < MIN_RSA_BITS {
        return Err(KeyError::RsaTooSmall { bits });
    }
    if bits > MAX_RSA_BITS {
        return Err(KeyError::RsaTooLarge { bits });
    }
    check_exponent(e)?;
    let is_even = n.last().is_none_or(|last| last & 1 == 0);
    if is_even || SMALL_PRIMES.iter().any(|prime| remainder(n, *prime) == 0) {
        return Err(KeyError::RsaModulus);
    }
    if has_roca_mark(n) {
        Err(KeyError::RsaRoca)
    } else {
        Ok(())
    }
}

pub(super) fn bit_length(n: &[u8]) -> u32 {
    let Some(first) = n.first() else { return 0 };
    let bits = n
        .len()
        .saturating_mul(8)
        .saturating_sub(first.leading_zeros() as usize);
    u32::try_from(bits).unwrap_or(u32::MAX)
}

/// Odd, at least 3, at most 32 bits: larger exponents exist in theory only and make verification slow.
fn check_exponent(e: &[u8]) -> Result<(), KeyError> {
    if e.len() > 4 {
        return Err(KeyError::RsaExponent);
    }
    let value = e.iter().fold(0u32, |sum, byte| sum << 8 | u32::from(*byte));
    if value >= 3 && value % 2 == 1 {
        Ok(())
    } else {
        Err(KeyError::RsaExponent)
    }
}

/// Moduli of the flawed generator are powers of 65537 modulo every small prime. For a sound modulus that holds for
/// all of these primes at once with a probability far below one in a hundred million.
fn has_roca_mark(n: &[u8]) -> bool {
    SMALL_PRIMES
        .iter()
        .all(|prime| is_power_of_65537(remainder(n, *prime), *prime))
}

fn is_power_of_65537(value: u32, prime: u32) -> bool {
    let mut power = 1;
    loop {
        if power == value {
            return true;
        }
        power = power * (65537 % prime) % prime;
        // Primes that divide 65537 do not occur, so the powers come round to 1.
        if power <= 1 {
            return false;
        }
    }
}

fn remainder(n: &[u8], prime: u32) -> u32 {
    n.iter()
        .fold(0, |rest, byte| (rest << 8 | u32::from(*byte)) % prime)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A modulus of the wanted length without small factors: odd steps from a fixed start.
    fn modulus(bits: u32) -> Vec<u8> {
        let bytes = bits.div_ceil(8) as usize;
        let mut n: Vec<u8> = (0..bytes)
            .map(|at| (at * 151 + 7).to_le_bytes()[0])
            .collect();
        let top = 1u8 << ((bits - 1) % 8);
        if let Some(first) = n.first_mut() {
            *first = top;
        }
        for last in (1..=255).step_by(2) {
            if let Some(place) = n.last_mut() {
                *place = last;
            }
            if SMALL_PRIMES.iter().all(|prime| remainder(&n, *prime) != 0) {
                break;
            }
        }
        n
    }

    const F4: &[u8] = &[1, 0, 1];

    #[test]
    fn sizes_at_the_edges() {
        for bits in [2048, 2049, 2056, 3072, 4095, 8192] {
            assert_eq!(bit_length(&modulus(bits)), bits);
            assert_eq!(check(&modulus(bits), F4), Ok(()), "{bits}");
        }
        for bits in [512, 1024, 2040, 2047] {
            assert_eq!(
                check(&modulus(bits), F4),
                Err(KeyError::RsaTooSmall { bits })
            );
        }
        for bits in [8193, 8200, 16384] {
            assert_eq!(
                check(&modulus(bits), F4),
                Err(KeyError::RsaTooLarge { bits })
            );
        }
        assert_eq!(check(&[], F4), Err(KeyError::RsaTooSmall { bits: 0 }));
    }

    #[test]
    fn exponents() {
        for e in [&[3][..], &[5], &[17], F4, &[0xFF, 0xFF, 0xFF, 0xFF]] {
            assert_eq!(check_exponent(e), Ok(()), "{e:?}");
        }
        for e in [
            &[][..],
            &[0],
            &[1],
            &[2],
            &[4],
            &[1, 0, 0],
            &[0xFF, 0xFF, 0xFF, 0xFE],
            &[1, 0, 0, 0, 1],
            &[1; 256],
        ] {
            assert_eq!(check_exponent(e), Err(KeyError::RsaExponent), "{e:?}");
        }
    }

    #[test]
    fn moduli_with_tiny_factors() {
        let mut n = modulus(2048);
        if let Some(last) = n.last_mut() {
            *last ^= 1;
        }
        assert_eq!(check(&n, F4), Err(KeyError::RsaModulus));
        for prime in SMALL_PRIMES {
            // 2^2047 + something that makes it a multiple of the prime, and odd.
            let mut n = vec![0u8; 256];
            if let Some(first) = n.first_mut() {
                *first = 0x80;
            }
            let rest = remainder(&n, prime);
            let mut low = prime - rest;
            if low.is_multiple_of(2) {
                low += prime;
            }
            for (place, byte) in n.iter_mut().rev().zip(low.to_le_bytes()) {
                *place = byte;
            }
            assert_eq!(check(&n, F4), Err(KeyError::RsaModulus), "{prime}");
        }
    }

    #[test]
    fn the_small_primes_are_all_of_them() {
        let expected: Vec<u32> = (3..=167)
            .filter(|number| (2..*number).all(|divisor| number % divisor != 0))
            .collect();
        assert_eq!(SMALL_PRIMES.to_vec(), expected);
    }

    #[test]
    fn powers_of_65537() {
        assert!(is_power_of_65537(1, 11));
        assert!(is_power_of_65537(65537 % 11, 11));
        // Modulo 11 the powers of 65537 are 1 and 10 only.
        let powers: Vec<u32> = (0..11)
            .filter(|value| is_power_of_65537(*value, 11))
            .collect();
        assert_eq!(powers, [1, 10]);
        assert!(!has_roca_mark(&modulus(2048)));
    }
}
