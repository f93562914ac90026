//! What the backend does not check about Ed25519 public keys when it takes them: that they are usable points.

use super::error::KeyError;

/// The prime of the field, 2^255 - 19, little-endian.
const PRIME: [u8; 32] = {
    let mut prime = [0xFF; 32];
    prime[0] = 0xED;
    prime[31] = 0x7F;
    prime
};

/// `y` of the points of order 8, little-endian. Those of smaller order have `y` in {0, 1, p - 1}.
const ORDER_8: [[u8; 32]; 2] = [
    [
        0x26, 0xE8, 0x95, 0x8F, 0xC2, 0xB2, 0x27, 0xB0, 0x45, 0xC3, 0xF4, 0x89, 0xF2, 0xEF, 0x98,
        0xF0, 0xD5, 0xDF, 0xAC, 0x05, 0xD3, 0xC6, 0x33, 0x39, 0xB1, 0x38, 0x02, 0x88, 0x6D, 0x53,
        0xFC, 0x05,
    ],
    [
        0xC7, 0x17, 0x6A, 0x70, 0x3D, 0x4D, 0xD8, 0x4F, 0xBA, 0x3C, 0x0B, 0x76, 0x0D, 0x10, 0x67,
        0x0F, 0x2A, 0x20, 0x53, 0xFA, 0x2C, 0x39, 0xCC, 0xC6, 0x4E, 0xC7, 0xFD, 0x77, 0x92, 0xAC,
        0x03, 0x7A,
    ],
];

/// Refuses encodings outside the field, points of small order (under which some signatures fit every message), and
/// coordinates that belong to no point of the curve.
pub(super) fn check(key: &[u8; 32]) -> Result<(), KeyError> {
    // The top bit is the sign of the other coordinate.
    let mut y = *key;
    if let Some(last) = y.last_mut() {
        *last &= 0x7F;
    }
    let is_in_field = y.iter().rev().lt(PRIME.iter().rev());
    if is_in_field && !has_small_order(&y) && is_on_curve(&y) {
        Ok(())
    } else {
        Err(KeyError::PointNotOnCurve)
    }
}

fn has_small_order(y: &[u8; 32]) -> bool {
    let Some((first, rest)) = y.split_first() else {
        return true;
    };
    let zero_or_one = *first <= 1 && rest.iter().all(|byte| *byte == 0);
    let minus_one = *first == 0xEC && rest.iter().eq(PRIME.iter().skip(1));
    zero_or_one || minus_one || ORDER_8.contains(y)
}

/// Whether `x^2 = (y^2 - 1) / (d y^2 + 1)` (RFC 8032 section 5.1.3) has a solution: numerator times denominator must
/// be a square, which Euler's criterion tells.
fn is_on_curve(y: &[u8; 32]) -> bool {
    let square = {
        let y = Element::read(y);
        y.times(y)
    };
    let numerator = square.plus(Element::MINUS_ONE);
    let denominator = square.times(Element::D).plus(Element::ONE);
    let symbol = numerator.times(denominator).to_half_of_order();
    symbol == Element::ZERO || symbol == Element::ONE
}

/// A number modulo 2^255 - 19 as five digits of 51 bits. Public data only: nothing here runs in constant time.
#[derive(Clone, Copy, PartialEq)]
struct Element([u64; 5]);

const DIGIT: u64 = (1 << 51) - 1;

impl Element {
    const ZERO: Self = Self([0; 5]);
    const ONE: Self = Self([1, 0, 0, 0, 0]);
    const MINUS_ONE: Self = Self([DIGIT - 19, DIGIT, DIGIT, DIGIT, DIGIT]);
    /// The constant of the curve, -121665/121666.
    const D: Self = Self([
        929_955_233_495_203,
        466_365_720_129_213,
        1_662_059_464_998_953,
        2_033_849_074_728_123,
        1_442_794_654_840_575,
    ]);

    /// Little-endian, below the prime.
    fn read(bytes: &[u8; 32]) -> Self {
        let (words, _) = bytes.as_chunks::<8>();
        let [a, b, c, d] = words else {
            return Self::ZERO;
        };
        let [a, b, c, d] = [a, b, c, d].map(|word| u64::from_le_bytes(*word));
        Self([
            a & DIGIT,
            (a >> 51 | b << 13) & DIGIT,
            (b >> 38 | c << 26) & DIGIT,
            (c >> 25 | d << 39) & DIGIT,
            d >> 12,
        ])
    }

    fn plus(self, other: Self) -> Self {
        let ([a, b, c, d, e], [f, g, h, i, j]) = (self.0, other.0);
        Self::reduced([a + f, b + g, c + h, d + i, e + j].map(u128::from))
    }

    fn times(self, other: Self) -> Self {
        let ([a, b, c, d, e], [f, g, h, i, j]) = (self.0.map(u128::from), other.0.map(u128::from));
        // 2^255 is 19, so what passes the fifth digit comes round multiplied by 19.
        Self::reduced([
            a * f + 19 * (b * j + c * i + d * h + e * g),
            a * g + b * f + 19 * (c * j + d * i + e * h),
            a * h + b * g + c * f + 19 * (d * j + e * i),
            a * i + b * h + c * g + d * f + 19 * (e * j),
            a * j + b * i + c * h + d * g + e * f,
        ])
    }

    /// The power (p - 1) / 2 = 2^254 - 10: in binary 250 ones and then 0110.
    fn to_half_of_order(self) -> Self {
        let bits = std::iter::repeat_n(true, 250).chain([false, true, true, false]);
        bits.fold(Self::ONE, |power, bit| {
            let square = power.times(power);
            if bit { square.times(self) } else { square }
        })
    }

    /// Carries until every digit has 51 bits and the number is below the prime.
    fn reduced(digits: [u128; 5]) -> Self {
        const MASK: u128 = DIGIT as u128;
        let mut digits = digits;
        loop {
            let [a, b, c, d, e] = digits;
            if digits.iter().all(|digit| *digit <= MASK) {
                break;
            }
            digits = [
                (a & MASK) + 19 * (e >> 51),
                (b & MASK) + (a >> 51),
                (c & MASK) + (b >> 51),
                (d & MASK) + (c >> 51),
                (e & MASK) + (d >> 51),
            ];
        }
        let [a, b, c, d, e] = digits;
        let is_prime_or_more = b == MASK && c == MASK && d == MASK && e == MASK && a >= MASK - 18;
        let digits = if is_prime_or_more {
            [a - (MASK - 18), 0, 0, 0, 0]
        } else {
            digits
        };
        Self(digits.map(|digit| u64::try_from(digit).unwrap_or(DIGIT)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Little-endian, small.
    fn number(value: u8) -> [u8; 32] {
        let mut bytes = [0; 32];
        bytes[0] = value;
        bytes
    }

    #[test]
    fn small_coordinates_on_and_off_the_curve() {
        // Computed apart from this code, with big integers.
        let on = [
            3, 4, 5, 6, 9, 10, 14, 15, 16, 18, 19, 21, 23, 24, 25, 26, 27, 28, 29, 30, 32, 33, 35,
            37, 39,
        ];
        for value in 2..40 {
            let expected = if on.contains(&value) {
                Ok(())
            } else {
                Err(KeyError::PointNotOnCurve)
            };
            assert_eq!(check(&number(value)), expected, "{value}");
            // -y belongs to the same x, and the sign bit to the same y.
            let mut negative = PRIME;
            negative[0] -= value;
            assert_eq!(check(&negative), expected, "-{value}");
            negative[31] |= 0x80;
            assert_eq!(check(&negative), expected, "-{value} with the sign bit");
        }
    }

    #[test]
    fn points_of_small_order_in_every_spelling() {
        let mut minus_one = PRIME;
        minus_one[0] -= 1;
        for y in [number(0), number(1), minus_one, ORDER_8[0], ORDER_8[1]] {
            for sign in [0, 0x80] {
                let mut key = y;
                key[31] |= sign;
                assert_eq!(check(&key), Err(KeyError::PointNotOnCurve), "{key:?}");
            }
            assert!(is_on_curve(&y), "these are points, only useless ones");
        }
    }

    #[test]
    fn coordinates_outside_the_field() {
        for above in 0..19 {
            let mut key = PRIME;
            key[0] += above;
            assert_eq!(check(&key), Err(KeyError::PointNotOnCurve), "p + {above}");
        }
        assert_eq!(check(&[0xFF; 32]), Err(KeyError::PointNotOnCurve));
    }

    #[test]
    fn arithmetic_of_the_field() {
        let minus_one = Element::MINUS_ONE;
        assert!(minus_one.times(minus_one) == Element::ONE);
        assert!(minus_one.plus(Element::ONE) == Element::ZERO);
        assert!(Element::read(&PRIME).plus(Element::ZERO) == Element::ZERO);
        assert!(
            minus_one.to_half_of_order() == Element::ONE,
            "-1 is a square modulo this prime"
        );
        assert!(
            Element::read(&number(2)).to_half_of_order() == minus_one,
            "2 is not"
        );
    }
}
