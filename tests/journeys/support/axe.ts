// What axe finds on a page, and whether the page is wider than its window: nothing, and no.
import { AxeBuilder } from '@axe-core/playwright';
import { expect, type Page } from '@playwright/test';

export const looks = ['dark', 'light'] as const;
export const sizes = [
  { width: 1440, height: 900 },
  { width: 390, height: 844 },
] as const;

export async function expectNoViolations(page: Page, where: string): Promise<void> {
  const { violations } = await new AxeBuilder({ page }).analyze();
  const found = violations.map(
    ({ id, nodes }) =>
      `${where}: ${id} at ${nodes.map(({ target }) => target.join(' ')).join(', ')}`,
  );
  expect.soft(found).toEqual([]);
  const overflow = await page.evaluate(
    () => document.documentElement.scrollWidth - document.documentElement.clientWidth,
  );
  expect.soft(overflow, `${where}: wider than the window`).toBeLessThanOrEqual(0);
}

/** The same wide and dark, and narrow and light; the page is wide after it. */
export async function expectNoViolationsTwice(page: Page, where: string): Promise<void> {
  for (const [at, colorScheme] of looks.entries()) {
    const viewport = sizes[at] ?? sizes[0];
    await page.emulateMedia({ colorScheme, reducedMotion: 'reduce' });
    await page.setViewportSize(viewport);
    await expectNoViolations(page, `${where}, ${colorScheme}, ${viewport.width} wide`);
  }
  await page.emulateMedia({ colorScheme: null, reducedMotion: null });
  await page.setViewportSize(sizes[0]);
}
