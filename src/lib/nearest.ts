/** The word that is closest to `given`, or null if none is close enough to have been meant. */
export function nearest(given: string, words: readonly string[]): string | null {
  let best: string | null = null;
  // LIMIT: one mistake in three letters; beyond that a suggestion confuses more than it helps.
  let bestDistance = Math.max(1, Math.floor(given.length / 3)) + 1;
  for (const word of words) {
    const distance = word.startsWith(given) && given !== "" ? 0 : editDistance(given, word);
    if (distance < bestDistance) {
      best = word;
      bestDistance = distance;
    }
  }
  return best;
}

/** How many letters must be added, removed, replaced or swapped with their neighbour. */
function editDistance(from: string, to: string): number {
  const rows: number[][] = [Array.from({ length: to.length + 1 }, (_, column) => column)];
  const at = (row: number, column: number): number => rows[row]?.[column] ?? 0;
  for (let row = 1; row <= from.length; row++) {
    rows.push([row]);
    for (let column = 1; column <= to.length; column++) {
      let least = at(row - 1, column - 1) + (from[row - 1] === to[column - 1] ? 0 : 1);
      least = Math.min(least, at(row - 1, column) + 1, at(row, column - 1) + 1);
      const swapped = from[row - 1] === to[column - 2] && from[row - 2] === to[column - 1];
      if (row > 1 && column > 1 && swapped) least = Math.min(least, at(row - 2, column - 2) + 1);
      rows[row]?.push(least);
    }
  }
  return at(from.length, to.length);
}
