/** Words of a header's value, parted by spaces or commas. */
export function words(list: string | undefined): string[] {
  return (list ?? '').split(/[\s,]/).filter((word) => word !== '');
}
