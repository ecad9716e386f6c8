//! Blending of colours: premultiplied sums of red, green, blue and opacity, each from 0 to 1.

use super::simd::F32x4;

/// 2²³: a float of this size has no bits below one, so adding a number rounds it into the lowest bits.
const WHOLE: f32 = 8_388_608.0;

/// Opacity along a column of pixels: largest around a middle, fading to both sides.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Fade {
    /// Middle of the first pixel, in pixels from the middle of the column.
    pub start: f32,
    /// Distance from the middle at which the opacity reaches 0, in pixels.
    pub reach: f32,
    /// Gain of opacity per pixel towards the middle.
    pub per_pixel: f32,
    /// Opacity where it does not fade, from 0 to 1.
    pub most: f32,
}

/// Lays a colour (red, green, blue, 1) over a column (Porter and Duff 1984, "over").
pub fn over(column: &mut [[f32; 4]], colour: [f32; 4], fade: Fade) {
    let (colour, zero, one) = (F32x4::load(&colour), F32x4::ZERO, F32x4::splat(1.0));
    let (reach, per_pixel, most) = (F32x4::splat(fade.reach), F32x4::splat(fade.per_pixel), F32x4::splat(fade.most));
    let mut at = F32x4::splat(fade.start);
    for sum in column {
        let alpha = ((reach - at.max(zero - at)) * per_pixel).max(zero).min(most);
        let before = F32x4::load(sum);
        (before + (colour - before) * alpha).store(sum);
        at = at + one;
    }
}

/// Interpolates two sums: the first at `share` 0, the second at `share` 1.
#[inline(always)]
pub fn between(one: &[f32; 4], other: &[f32; 4], share: f32) -> [f32; 4] {
    let one = F32x4::load(one);
    (one + (F32x4::load(other) - one) * F32x4::splat(share)).lanes()
}

/// A sum as a pixel: red, green, blue and opacity from 0 to 255, not premultiplied.
#[inline(always)]
pub fn pixel(sum: &[f32; 4]) -> [u8; 4] {
    let alpha = sum[3];
    if alpha <= 0.0 {
        return [0; 4];
    }
    let scale = 255.0 / alpha;
    let channels = F32x4::load(sum) * F32x4::load(&[scale, scale, scale, 255.0]);
    (channels.min(F32x4::splat(255.0)) + F32x4::splat(WHOLE)).lanes().map(|channel| channel.to_bits() as u8)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_is_the_definition() {
        let colour = [0.2, 0.4, 0.8, 1.0];
        let fade = Fade { start: -3.5, reach: 3.0, per_pixel: 0.25, most: 0.6 };
        let before = [0.1, 0.05, 0.2, 0.3];
        let mut column = [before; 8];
        over(&mut column, colour, fade);
        for (y, found) in column.iter().enumerate() {
            let alpha = ((fade.reach - (fade.start + y as f32).abs()) * fade.per_pixel).clamp(0.0, fade.most);
            for channel in 0..4 {
                let expected = before[channel] * (1.0 - alpha) + colour[channel] * alpha;
                assert!((found[channel] - expected).abs() < 1e-6, "{y}: {found:?}");
            }
        }
        assert_eq!((column[0], column[7]), (before, before), "out of reach");
    }

    #[test]
    fn between_two_sums() {
        let (one, other) = ([0.0, 1.0, 0.5, 0.25], [1.0, 0.0, 0.5, 0.75]);
        assert_eq!(between(&one, &other, 0.0), one);
        assert_eq!(between(&one, &other, 1.0), other);
        assert_eq!(between(&one, &other, 0.25), [0.25, 0.75, 0.5, 0.375]);
    }

    #[test]
    fn pixels_are_rounded_and_never_over() {
        assert_eq!(pixel(&[0.0; 4]), [0; 4]);
        assert_eq!(pixel(&[1.0; 4]), [255; 4]);
        assert_eq!(pixel(&[0.25, 0.125, 0.0, 0.5]), [128, 64, 0, 128]);
        // Rounding may leave a channel a little over its opacity.
        assert_eq!(pixel(&[0.3 * 1.000_001, 0.1, 0.2, 0.3]), [255, 85, 170, 76]);
    }
}
