// ESLint for `.svelte` files alone: oxlint does the rest, but cannot see into components.
import svelte from 'eslint-plugin-svelte';
import { defineConfig } from 'eslint/config';
import ts from 'typescript-eslint';

export default defineConfig(
  { ignores: ['**/*.{ts,js}', '**/.svelte-kit/', 'build/'] },
  {
    files: ['**/*.svelte'],
    extends: [ts.configs.strictTypeChecked, svelte.configs.recommended],
    languageOptions: {
      parserOptions: {
        parser: ts.parser,
        project: './web/tsconfig.json',
        tsconfigRootDir: import.meta.dirname,
        extraFileExtensions: ['.svelte'],
      },
    },
    rules: {
      // svelte-check says these better: it knows the types of events and snippets.
      'no-undef': 'off',
      'no-unused-vars': 'off',
      '@typescript-eslint/no-unsafe-argument': 'off',
      '@typescript-eslint/no-unsafe-assignment': 'off',
      '@typescript-eslint/no-unsafe-call': 'off',
      '@typescript-eslint/no-unsafe-member-access': 'off',
      '@typescript-eslint/no-unsafe-return': 'off',
      // A handler's arrow may hand on what it calls, and a number may stand in an attribute.
      '@typescript-eslint/no-confusing-void-expression': 'off',
      '@typescript-eslint/restrict-template-expressions': ['error', { allowNumber: true }],
      // The site has no base path, so an address is an address.
      'svelte/no-navigation-without-resolve': 'off',
      'svelte/max-lines-per-block': [
        'error',
        { script: 150, template: 150, style: 150, skipBlankLines: true, skipComments: true },
      ],
      'svelte/no-at-html-tags': 'error',
      'svelte/require-each-key': 'error',
    },
  },
);
