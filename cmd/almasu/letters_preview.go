package main

import (
	"context"
	"strings"

	"github.com/spf13/cobra"

	"almasu/exchange"
	"almasu/receipt"
)

func newLettersPreviewCommand(g *globals) *cobra.Command {
	sort, to := "", ""
	cmd := &cobra.Command{
		Use:   "preview ID | --sample SORT --to PARTICIPANT",
		Short: "What a letter says to people; or what one would say, with the participant's template and sample data",
		Args:  cobra.MaximumNArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			if (len(args) == 1) == (sort != "") || sort != "" && to == "" {
				return usagef("name a letter, or --sample %s with --to PARTICIPANT", strings.Join(exchange.TemplateSorts(), "|"))
			}
			return withOffice(cmd.Context(), g, func(ctx context.Context, o office) error {
				var words receipt.Wording
				var err error
				if sort != "" {
					words, err = o.gateway.Sample(sort, to)
				} else {
					var id int64
					if id, err = letterID(args[0]); err == nil {
						words, err = o.gateway.Preview(ctx, id)
					}
				}
				if err != nil {
					return err
				}
				return printOne(g, map[string]string{"subject": words.Subject, "text": words.Text}, "%s\n\n%s", words.Subject,
					strings.ReplaceAll(words.Text, "\r\n", "\n"))
			})
		},
	}
	cmd.Flags().StringVar(&sort, "sample", "", strings.Join(exchange.TemplateSorts(), ", "))
	cmd.Flags().StringVar(&to, "to", "", "participant id whose language and template count")
	return cmd
}
