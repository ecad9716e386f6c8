//! Where each tensor of a GGUF file is.

use std::collections::BTreeMap;

use super::Value;
use super::cursor::{Cursor, Stop};
use crate::engine::files::{DType, FileError, TensorEntry};

/// Shortest entry: name length, number of dimensions, type, offset.
pub(super) const MIN_TENSOR_BYTES: u64 = 8 + 4 + 4 + 8;

/// What the definition allows today.
const MAX_DIMS: u32 = 4;

const DEFAULT_ALIGNMENT: u64 = 32;

/// Number in the file, name, numbers per block, bytes per block.
const TYPES: [(u32, &str, u64, u64); 34] = [
    (0, "F32", 1, 4),
    (1, "F16", 1, 2),
    (2, "Q4_0", 32, 18),
    (3, "Q4_1", 32, 20),
    (6, "Q5_0", 32, 22),
    (7, "Q5_1", 32, 24),
    (8, "Q8_0", 32, 34),
    (9, "Q8_1", 32, 36),
    (10, "Q2_K", 256, 84),
    (11, "Q3_K", 256, 110),
    (12, "Q4_K", 256, 144),
    (13, "Q5_K", 256, 176),
    (14, "Q6_K", 256, 210),
    (15, "Q8_K", 256, 292),
    (16, "IQ2_XXS", 256, 66),
    (17, "IQ2_XS", 256, 74),
    (18, "IQ3_XXS", 256, 98),
    (19, "IQ1_S", 256, 50),
    (20, "IQ4_NL", 32, 18),
    (21, "IQ3_S", 256, 110),
    (22, "IQ2_S", 256, 82),
    (23, "IQ4_XS", 256, 136),
    (24, "I8", 1, 1),
    (25, "I16", 1, 2),
    (26, "I32", 1, 4),
    (27, "I64", 1, 8),
    (28, "F64", 1, 8),
    (29, "IQ1_M", 256, 56),
    (30, "BF16", 1, 2),
    (34, "TQ1_0", 256, 54),
    (35, "TQ2_0", 256, 66),
    (39, "MXFP4", 32, 17),
    (40, "NVFP4", 64, 36),
    (41, "Q1_0", 128, 18),
];

/// Reads the tensor list, which ends the header, and checks that the tensors lie in the file, one beside another.
pub(super) fn read(
    cursor: &mut Cursor<'_>,
    n_tensors: u64,
    metadata: &BTreeMap<String, Value>,
) -> Result<BTreeMap<String, TensorEntry>, Stop> {
    let mut tensors = BTreeMap::new();
    for number in 0..n_tensors {
        cursor.reading = format!("tensor {number} of the list");
        let name = cursor.string()?;
        cursor.reading = format!("tensor {name}");
        let entry = read_entry(cursor)?;
        if tensors.insert(name, entry).is_some() {
            return Err(cursor.refuse_duplicate());
        }
    }
    let alignment = alignment(cursor, metadata)?;
    let data_start = cursor.position().next_multiple_of(alignment);
    for (name, entry) in &mut tensors {
        if !entry.offset.is_multiple_of(alignment) {
            let what = format!("the offset of tensor {name}");
            return Err(cursor.refuse(&what, &format!("a multiple of the alignment {alignment}"), entry.offset));
        }
        entry.offset = entry.offset.saturating_add(data_start);
        let end = entry.offset.saturating_add(entry.len);
        if end > cursor.file_len {
            let (file, what) = (cursor.file.to_owned(), format!("tensor {name}"));
            return Err(Stop::Refused(FileError::Truncated { file, what, expected: end, found: cursor.file_len }));
        }
    }
    expect_apart(cursor, &tensors)?;
    Ok(tensors)
}

/// One entry, its offset still counted from the start of the data.
fn read_entry(cursor: &mut Cursor<'_>) -> Result<TensorEntry, Stop> {
    let n_dims = cursor.u32()?;
    if n_dims > MAX_DIMS {
        return Err(cursor.refuse(&format!("the number of axes of {}", cursor.reading), "at most 4", n_dims));
    }
    // The file has the fastest axis first.
    let mut dims = (0..n_dims).map(|_| cursor.u64()).collect::<Result<Vec<u64>, Stop>>()?;
    let row_len = dims.first().copied().unwrap_or(1);
    dims.reverse();
    let type_number = cursor.u32()?;
    let offset = cursor.u64()?;
    let known = TYPES.iter().find(|(number, ..)| *number == type_number);
    let (dtype, block_len, block_bytes) = match known {
        Some((_, name, block_len, block_bytes)) => (DType::of_name(name), *block_len, *block_bytes),
        None => (DType::Other(format!("GGUF type {type_number}")), 1, 0),
    };
    if !row_len.is_multiple_of(block_len) {
        let what = format!("the row length of {}", cursor.reading);
        return Err(cursor.refuse(&what, &format!("a multiple of {block_len}, the block of {dtype}"), row_len));
    }
    let n_values = dims.iter().try_fold(1u64, |product, &size| product.checked_mul(size));
    let len = n_values.and_then(|n_values| (n_values / block_len).checked_mul(block_bytes));
    let shape: Option<Vec<usize>> = dims.iter().map(|&size| usize::try_from(size).ok()).collect();
    match (len, shape) {
        (Some(len), Some(shape)) => Ok(TensorEntry { dtype, shape, offset, len }),
        _ => {
            Err(cursor.refuse(&format!("the shape of {}", cursor.reading), "one that fits a file", format!("{dims:?}")))
        }
    }
}

fn alignment(cursor: &Cursor<'_>, metadata: &BTreeMap<String, Value>) -> Result<u64, Stop> {
    let Some(value) = metadata.get("general.alignment") else {
        return Ok(DEFAULT_ALIGNMENT);
    };
    match value.as_u32() {
        Some(alignment) if alignment.is_power_of_two() => Ok(alignment.into()),
        _ => Err(cursor.refuse("metadata general.alignment", "a power of two", value.describe())),
    }
}

/// Refuses tensors over the same bytes.
fn expect_apart(cursor: &Cursor<'_>, tensors: &BTreeMap<String, TensorEntry>) -> Result<(), Stop> {
    let mut in_order: Vec<_> = tensors.iter().filter(|(_, entry)| entry.len > 0).collect();
    in_order.sort_unstable_by_key(|(_, entry)| entry.offset);
    for pair in in_order.windows(2) {
        let [(other, before), (tensor, after)] = pair else { continue };
        let end = before.offset + before.len;
        if after.offset < end {
            let (file, tensor, other) = (cursor.file.to_owned(), (*tensor).clone(), (*other).clone());
            let error = FileError::Overlap { file, tensor, other, expected: end, found: after.offset };
            return Err(Stop::Refused(error));
        }
    }
    Ok(())
}
