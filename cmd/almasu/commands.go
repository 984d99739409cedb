package main

import "github.com/spf13/cobra"

// subcommands is the table of contents of the command line.
func subcommands(g *globals) []*cobra.Command {
	return []*cobra.Command{
		newDemoCommand(g),
		newInitCommand(g),
		newRunCommand(g),
		newCheckCommand(g),
		newSubmitCommand(g),
		newStatusCommand(g),
		newContactCommand(g),
		newQuarterlyCommand(g),
		newBoardCommand(g),
		newExplainCommand(g),
		newValidateCommand(g),
		newExampleCommand(g),
		newConvertCommand(g),
		newQueueCommand(g),
		newHeldCommand(g),
		newAlarmsCommand(g),
		newRequestsCommand(g),
		newRetentionCommand(g),
		newRulesCommand(g),
		newReplayCommand(g),
		newLettersCommand(g),
		newParticipantsCommand(g),
		newKeysCommand(g),
		newRelayUserCommand(g),
		newTokenCommand(g),
		newJournalCommand(g),
		newMigrateCommand(g),
		newImportCommand(g),
		newVersionCommand(g),
	}
}
