/** Calls `refuse` for an ephemeral storage that Fargate does not have. AWS: 20 GiB are there anyway; the texts as users see them. */
export function checkStorageSize(sizeInGiB: number | undefined, refuse: (message: string) => never): void {
  if (sizeInGiB === undefined || !Number.isInteger(sizeInGiB) || sizeInGiB < 21) {
    refuse("EphemeralStorage size should be at least 21");
  }
  if (sizeInGiB > 200) refuse("EphemeralStorage size should be at most 200");
}
